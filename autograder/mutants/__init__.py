"""Change a reference solution: by mistakes that graders must catch, and by habits that they must not punish."""

from __future__ import annotations

from autograder.mutants.generate import Mutant, mutants, sample
from autograder.mutants.variants import variants

__all__ = ["Mutant", "mutants", "sample", "variants"]
