"""A study as a file to keep."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Literal

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from oracle.study.export import write_export
from oracle.web.service import Asked
from oracle.web.v1.answering import Number

router = APIRouter(tags=["exports"])


@router.get(
    "/studies/{number}/export",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "The tables of a study."}},
    summary="Export a study",
)
async def export(service: Asked, number: Number, format: Literal["json", "csv"] = "json") -> FileResponse:  # noqa: A002
    """Return a study's tables, all but the weights, as a zip that `scyc studies import` takes once it is unpacked."""

    def work() -> tuple[Path, str]:
        reader = service.reader(number)
        folder = Path(tempfile.mkdtemp(prefix="scyc-export-"))
        try:
            write_export(service.store.dump_study(reader.name), folder / "study", format)
            shutil.make_archive(str(folder / "study"), "zip", folder / "study")
        except BaseException:
            shutil.rmtree(folder)
            raise
        return folder, reader.name

    folder, name = await service.render(work)
    plain = re.sub(r"[^\w.-]+", "-", name)[:80].strip(".-") or "study"
    return FileResponse(
        folder / "study.zip",
        media_type="application/zip",
        filename=f"{plain}.zip",
        background=BackgroundTask(shutil.rmtree, folder),
    )
