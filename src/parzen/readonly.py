"""Arrays of immutable objects stay as they are, in copies and pickles too."""

from __future__ import annotations

from typing import Any

import numpy as np


class ReadOnly:
    """Base of frozen dataclasses whose array fields nobody may write to."""

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # copies and pickles come back writable
        self.__dict__.update(state)
        ReadOnly.__post_init__(self)
