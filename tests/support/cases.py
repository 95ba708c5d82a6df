"""A register of test cases: functions with what they are called by, in the order of the file."""


class Cases(list):
    """`@case(label, ...)` before a function adds the row (label, ..., function)."""

    def __call__(self, *labels):
        def register(function):
            self.append((*labels, function))
            return function
        return register
