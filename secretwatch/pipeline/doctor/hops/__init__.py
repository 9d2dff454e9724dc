"""One file a hop: `examine(facts, reached)` says what is wrong with it.

What is configured is always examined. What the read did is examined where it has come this far (`reached`),
so that two faults that do not depend on each other are both found.
"""
