"""CPU and seconds for one allocation: the program, the bare loop, and what people use today."""
