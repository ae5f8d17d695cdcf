"""The real program against a real nginx ``limit_req``, beside what people use today."""
