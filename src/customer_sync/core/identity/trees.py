"""Trees: the ensembles that LightGBM grew, evaluated by LightGBM's own library.

Decides how the library is called: directly, since its Python package brings scikit-learn and SciPy
along and takes seconds to import, which every command that scores one pair would wait for (decision 43).
Promises the library's numbers, the same for one row and for many. Must not know what the columns mean.
"""

import ctypes
import weakref
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

from customer_sync.kernel.errors import CapabilityMissingError

__all__ = ["Trees"]

Doubles = npt.NDArray[np.float64]
_LIBRARIES = ("lib_lightgbm.so", "lib_lightgbm.dylib", "lib_lightgbm.dll")
_FLOAT32, _BY_ROWS, _RAW, _CONTRIBUTIONS = 0, 1, 1, 3  # as c_api.h numbers them
_PARAMETERS = b"num_threads=1"


class Trees:
    """One ensemble.

    Raises:
        CapabilityMissingError: the machine cannot run the library.
        ValueError: the text is no ensemble.
    """

    def __init__(self, text: str) -> None:
        library = _library()
        self._handle = ctypes.c_void_p()
        rounds, columns = ctypes.c_int(0), ctypes.c_int(0)
        _checked(
            library.LGBM_BoosterLoadModelFromString(
                text.encode(), ctypes.byref(rounds), ctypes.byref(self._handle)
            )
        )
        weakref.finalize(self, library.LGBM_BoosterFree, self._handle)
        _checked(library.LGBM_BoosterGetNumFeature(self._handle, ctypes.byref(columns)))
        self._columns = columns.value

    def raw(self, matrix: npt.NDArray[np.float32]) -> Doubles:
        """Return the log odds of each row."""
        return self._told(matrix, _RAW, 1)[:, 0]

    def contributions(self, matrix: npt.NDArray[np.float32]) -> Doubles:
        """Return what each column adds to the log odds of each row (SHAP), and last where all rows begin."""
        return self._told(matrix, _CONTRIBUTIONS, self._columns + 1)

    def _told(self, matrix: npt.NDArray[np.float32], what: int, width: int) -> Doubles:
        rows = np.ascontiguousarray(matrix, np.float32)
        if rows.ndim != 2 or rows.shape[1] != self._columns:
            raise ValueError(f"{self._columns} columns are asked for, not {rows.shape[1:]}")
        told = np.empty((len(rows), width), np.float64)
        size = ctypes.c_int64(0)
        if len(rows):
            _checked(
                _library().LGBM_BoosterPredictForMat(
                    self._handle, rows.ctypes.data_as(ctypes.c_void_p), _FLOAT32, ctypes.c_int32(len(rows)),
                    ctypes.c_int32(self._columns), _BY_ROWS, what, 0, -1, _PARAMETERS, ctypes.byref(size),
                    told.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
                )
            )  # fmt: skip
        return told


def _checked(status: int) -> None:
    if status:
        raise ValueError(_library().LGBM_GetLastError().decode(errors="replace"))


@cache
def _library() -> ctypes.CDLL:
    found = find_spec("lightgbm")
    folder = Path(found.origin).parent / "lib" if found and found.origin else None
    names = [folder / name for name in _LIBRARIES if (folder / name).exists()] if folder else []
    if not names:
        raise CapabilityMissingError("scored matching needs LightGBM: install the package lightgbm")
    try:
        library = ctypes.CDLL(str(names[0]))
    except OSError as error:
        # The wheel carries the library, but not the OpenMP run-time of GCC, which slim images lack.
        raise CapabilityMissingError(
            "scored matching needs the OpenMP run-time: install libgomp1 (Debian, Ubuntu) or libgomp"
        ) from error
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    return library
