"""What clients of Stable Diffusion web UI send, as wishes; what cannot be honoured is refused in one line.

The fields are those of its API (``modules/api/models.py``, version 1.10) as its clients send them.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rakkan.errors import RakkanError
from rakkan.service import wishes
from rakkan.service.routes.doors.drawing import MOST_PICTURES, model_named, size_for

#: What these clients send when nobody said anything; to the starter model it means: as it was made for.
DEFAULT_STEPS, DEFAULT_GUIDANCE = frozenset({20, 50}), 7.0
DEFAULT_SAMPLERS = frozenset({"", "euler", "euler a", "automatic"})
UPSCALER = "waifu2x"

#: Fields that change nothing of the picture here, whatever they say: how files are kept, numbers of samplers
#: that draw no further noise, details of painting under a mask that the studio settles by itself.
HARMLESS = frozenset(
    [
        "do_not_save_samples",
        "do_not_save_grid",
        "save_images",
        "send_images",
        "override_settings_restore_afterwards",
        "eta",
        "s_tmax",
        "s_tmin",
        "s_noise",
        "s_min_uncond",
        "sampler_index",
        "subseed",
        "script_args",
        "force_task_id",
        "infotext",
        "include_init_images",
        "mask_blur",
        "mask_blur_x",
        "mask_blur_y",
        "inpainting_fill",
        "inpaint_full_res",
        "inpaint_full_res_padding",
        "image_cfg_scale",
        "initial_noise_multiplier",
        "resize_mode",
        "comments",
        "user_style",
        "firstphase_width",
        "firstphase_height",
        "disable_extra_networks",
        "mask_round",
        "initial_noise_multiplier",
        "show_extras_results",
        "upscaling_crop",
        "upscale_first",
        "codeformer_weight",
        "upscaling_resize_w",
        "upscaling_resize_h",
    ]
)
_HARMLESS_SETTINGS = (
    "samples_",
    "save_",
    "grid_",
    "return_grid",
    "enable_pnginfo",
    "live_preview",
    "show_pro",
)
_Number = Annotated[int, Field(ge=0, le=16384)]


class Sent(BaseModel):
    """A request to draw; what is not named here is kept and looked at one by one."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    prompt: Annotated[str, Field(max_length=4000)] | None = ""
    negative_prompt: Annotated[str, Field(max_length=4000)] | None = ""
    seed: int | None = -1
    sampler_name: Annotated[str, Field(max_length=100)] | None = None
    scheduler: Annotated[str, Field(max_length=100)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=MOST_PICTURES)] | None = 1
    n_iter: Annotated[int, Field(ge=1, le=MOST_PICTURES)] | None = 1
    steps: int | None = None
    cfg_scale: float | None = None
    width: _Number | None = 512
    height: _Number | None = 512
    denoising_strength: float | None = None
    alwayson_scripts: dict[str, Any] | None = None
    override_settings: dict[str, Any] | None = None


class Txt2Img(Sent):
    """A picture from words."""

    enable_hr: bool | None = False


class Img2Img(Sent):
    """A picture drawn over, or under a mask; white is drawn anew."""

    init_images: Annotated[list[str], Field(min_length=1, max_length=1)]
    mask: str | None = None
    inpainting_mask_invert: int | None = 0


class Extra(BaseModel):
    """A picture to enlarge."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    image: str
    resize_mode: int = 0
    upscaling_resize: float = 2
    upscaler_1: Annotated[str, Field(max_length=100)] = "None"
    upscaler_2: Annotated[str, Field(max_length=100)] = "None"
    extras_upscaler_2_visibility: float = 0
    gfpgan_visibility: float = 0
    codeformer_visibility: float = 0


class Info(BaseModel):
    """A picture to read."""

    image: str


def create(sent: Txt2Img, account: str, chosen: str) -> wishes.Create:
    """A wish for a picture from words; ``chosen`` is the model of the options. Raises RakkanError."""
    check(sent)
    if sent.enable_hr:
        raise RakkanError("There is no high-resolution pass", "Send the picture to extra-single-image")
    model = model_of(sent, account, chosen)
    told = _numbers(sent, model) | {"prompt": sent.prompt or "", "negative": sent.negative_prompt or ""}
    size = size_for(model, sent.width or 512, sent.height or 512)
    made: wishes.Create = read(wishes.Create, {**told, "size": size, "sampler": sampler_of(sent, model)})
    return made


def edit(sent: Img2Img, account: str, chosen: str, picture: str, mask: str) -> wishes.Edit:
    """A wish for a picture drawn over; ``picture``, ``mask`` are digests of uploads. Raises RakkanError."""
    check(sent)
    model = model_of(sent, account, chosen)
    sampler_of(sent, "")  # an edit draws with the model's own
    told = _numbers(sent, model) | {"prompt": sent.prompt or "", "negative": sent.negative_prompt or ""}
    told |= {"mask": mask, "invert": bool(sent.inpainting_mask_invert)} if mask else {}
    strength = 0.75 if sent.denoising_strength is None else sent.denoising_strength
    made: wishes.Edit = read(wishes.Edit, {**told, "picture": picture, "strength": strength})
    return made


def upscale(sent: Extra, picture: str) -> wishes.Upscale:
    """A wish for a picture enlarged. Raises RakkanError."""
    if sent.gfpgan_visibility > 0 or sent.codeformer_visibility > 0:
        raise RakkanError("Faces are not restored here", "Leave gfpgan and codeformer at 0")
    if sent.resize_mode != 0 or sent.upscaling_resize not in (1, 2, 4):
        raise RakkanError(
            "Pictures are enlarged 1, 2 or 4 times", "Send resize_mode 0 and upscaling_resize 2"
        )
    for name in (sent.upscaler_1, sent.upscaler_2 if sent.extras_upscaler_2_visibility > 0 else "None"):
        if name.lower() not in ("none", "", UPSCALER):
            raise RakkanError(f"There is no upscaler {name!r}", f"Send {UPSCALER!r}")
    _check_rest(sent.model_extra or {})
    made: wishes.Upscale = read(wishes.Upscale, {"picture": picture, "scale": int(sent.upscaling_resize)})
    return made


def check(sent: Sent) -> None:
    """Raise RakkanError, naming it, for what cannot be honoured."""
    for name, told in (sent.alwayson_scripts or {}).items():
        given = told.get("args") if isinstance(told, dict) else told
        if given not in (None, [], [False], {}, False):
            raise RakkanError(f"There is no script {name[:60]!r}", "Leave it out of alwayson_scripts")
    for name, value in (sent.override_settings or {}).items():
        harmless = name.startswith(_HARMLESS_SETTINGS)
        if name == "sd_model_checkpoint" or harmless or is_neutral(name, value):
            continue
        raise RakkanError(f"The setting {name[:60]!r} cannot be overridden", "Leave it out")
    _check_rest(sent.model_extra or {})


def is_neutral(name: str, value: Any) -> bool:
    """Whether a setting says what holds here anyway."""
    return value in (None, "", 0, False) or (name == "CLIP_stop_at_last_layers" and value == 1)


def model_of(sent: Sent, account: str, chosen: str) -> str:
    """The model that a request names, or else the one that was chosen before. Raises RakkanError."""
    told = (sent.override_settings or {}).get("sd_model_checkpoint")
    if told is not None and not isinstance(told, str):
        raise RakkanError("sd_model_checkpoint is no name", "Take a title of sd-models")
    return model_named(account, told if told is not None else chosen)


def sampler_of(sent: Sent, model: str) -> str:
    """The sampler that wishes name, with its schedule; "" for the model's own. Raises RakkanError."""
    from rakkan.studio.diffusion.samplers import find_sampler

    name, schedule = (sent.sampler_name or "").strip(), (sent.scheduler or "").strip()
    if schedule.lower() in ("", "automatic", "use same scheduler"):
        schedule = ""
    if model:
        named = "" if name.lower() == "automatic" else f"{name} {schedule}".strip()
        if named:
            find_sampler(named)
        return named
    if name.lower() not in DEFAULT_SAMPLERS or schedule:
        raise RakkanError(f"The sampler cannot be {f'{name} {schedule}'.strip()!r} here", "Send 'Euler'")
    return ""


def read(kind: type[wishes.Wish], told: dict[str, Any]) -> Any:
    """A wish. Raises RakkanError, naming the field, for what no wish can be."""
    try:
        return kind.model_validate({name: value for name, value in told.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RakkanError(f"{where}: {first['msg']}", "Send another value") from error


def _numbers(sent: Sent, model: str) -> dict[str, Any]:
    count = (sent.batch_size or 1) * (sent.n_iter or 1)
    if count > MOST_PICTURES:
        raise RakkanError(f"{count} pictures are too many at once", f"Ask for {MOST_PICTURES} at most")
    steps, guidance = sent.steps, sent.cfg_scale
    if not model:  # its clients cannot know what it was made for
        steps = None if steps in DEFAULT_STEPS else steps
        guidance = None if guidance == DEFAULT_GUIDANCE else guidance
    seed = None if sent.seed is None or sent.seed < 0 else sent.seed
    return {"seed": seed, "count": count, "steps": steps, "guidance": guidance, "model": model}


_REFUSED = {
    "restore_faces": "Faces are not restored here",
    "tiling": "Pictures are not drawn as tiles here",
    "styles": "There are no styles of prompts here",
    "subseed_strength": "A second seed is not mixed in here",
    "script_name": "There are no scripts here",
    "s_churn": "No noise is added on the way here",
    "refiner_checkpoint": "There is no refiner here",
}


def _check_rest(extra: dict[str, Any]) -> None:
    for name, value in extra.items():
        off = value in (None, "", 0, False, [], {}) or (name.startswith("seed_resize_from") and value == -1)
        if off or name in HARMLESS or name.startswith("hr_"):
            continue
        message = _REFUSED.get(name, f"The field {name[:60]!r} is not known here")
        raise RakkanError(message, f"Leave out {name[:60]}")
