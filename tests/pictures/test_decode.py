"""decode: any picture file -> upright 8-bit RGB, or one clear refusal."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from tellapart.errors import BrokenPictureError
from tellapart.pictures.decode import MAX_PIXELS, STORE_SIDE, decode, picture_suffixes, recognised, resize

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (6, 9, 3), dtype=np.uint8)
GREY = PIXELS[..., 0]
SMOOTH = np.stack(np.broadcast_arrays(*np.ogrid[0:128:2, 0:192:2], 90), axis=-1).astype(np.uint8)


def saved(image: Image.Image | np.ndarray, form: str, **options) -> bytes:
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(np.asarray(values, dtype=np.uint8)[..., None], 3, axis=2)


# -- formats and modes: what is lossless comes back as it was -----------------------------------------------


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "PPM", "TGA", "GIF", "ICO", "QOI"])
def test_grey_or_colour_of_every_lossless_format(form):
    source = GREY if form == "GIF" else PIXELS
    if form == "ICO":
        source = np.resize(source, (16, 16, 3))
    image, facts = decode(saved(source, form))
    np.testing.assert_array_equal(image, grey(source) if source.ndim == 2 else source)
    assert image.dtype == np.uint8
    assert image.flags.writeable
    assert (facts.height, facts.width, facts.format) == (*source.shape[:2], form)
    assert not facts.turned
    assert facts.frames == 1


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("WEBP", {"lossless": True, "exact": True}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", {"big_tiff": True}),
        ("JPEG2000", {"irreversible": False}),
    ],
)
def test_lossless_ways_of_a_format(form, options):
    np.testing.assert_array_equal(decode(saved(PIXELS, form, **options))[0], PIXELS)


@pytest.mark.parametrize(
    ("form", "options"), [("JPEG", {"quality": 95}), ("WEBP", {"quality": 95}), ("AVIF", {})]
)
def test_lossy_formats_are_close(form, options):
    image, facts = decode(saved(SMOOTH, form, **options))
    assert facts.format == form
    assert np.abs(image.astype(int) - SMOOTH).mean() < 4


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP"])
def test_one_bit_is_black_and_white(form):
    image, facts = decode(saved(Image.fromarray(GREY > 127), form))
    np.testing.assert_array_equal(image, grey((GREY > 127) * 255))
    assert facts.mode == "1"


@pytest.mark.parametrize("form", ["PNG", "TIFF", "PPM"])
def test_16_bit_grey_is_scaled_not_clipped_and_the_same_for_dark_and_bright(form):
    dark, bright = np.array([[0, 200, 255, 257]], np.uint16), np.array([[0, 200, 32768, 65535]], np.uint16)
    np.testing.assert_array_equal(decode(saved(dark, form))[0], grey([[0, 1, 1, 1]]))
    np.testing.assert_array_equal(decode(saved(bright, form))[0], grey([[0, 1, 128, 255]]))


def test_big_endian_16_bit():
    rows = np.array([[0, 65535]], ">u2")
    raw = b"MM\0*" + struct.pack(">I", 8 + rows.nbytes) + rows.tobytes()
    tags = [
        (256, 2),
        (257, 1),
        (258, 16),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, 1),
        (279, rows.nbytes),
    ]
    raw += (
        struct.pack(">H", len(tags)) + b"".join(struct.pack(">HHII", t, 4, 1, v) for t, v in tags) + bytes(4)
    )
    np.testing.assert_array_equal(decode(raw)[0], grey([[0, 255]]))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0, np.nan], [0, 128, 255, 0]),
        ([-5.0, 100.4, 255.0, np.inf], [0, 100, 255, 0]),
        ([0.0, 257.0, 65535.0, 1e9], [0, 1, 255, 255]),
    ],
)
def test_float_tiff_by_its_range(values, expected):
    np.testing.assert_array_equal(decode(saved(np.array([values], np.float32), "TIFF"))[0], grey([expected]))


def test_32_bit_integers_by_their_range():
    np.testing.assert_array_equal(
        decode(saved(np.array([[-1, 7, 255]], np.int32), "TIFF"))[0], grey([[0, 7, 255]])
    )
    np.testing.assert_array_equal(
        decode(saved(np.array([[0, 65535]], np.int32), "TIFF"))[0], grey([[0, 255]])
    )


def test_palette_with_and_without_transparency():
    palette = Image.fromarray(PIXELS).quantize(8)
    expected = np.asarray(palette.convert("RGB"))
    np.testing.assert_array_equal(decode(saved(palette, "PNG"))[0], expected)
    index = np.asarray(palette)
    clear = expected.copy()
    clear[index == 3] = 255
    for form in ("PNG", "GIF"):
        np.testing.assert_array_equal(decode(saved(palette, form, transparency=3))[0], clear)
    each = bytes([255] * 3 + [0] + [255] * 4)  # one alpha per colour of the palette
    np.testing.assert_array_equal(decode(saved(palette, "PNG", transparency=each))[0], clear)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_alpha_is_laid_over_white(form):
    alpha = np.array([[0, 128, 255]], np.uint8)
    colour = np.array([[[200, 100, 0]] * 3], np.uint8)
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    image, facts = decode(saved(np.dstack([colour, alpha]), form, **options))
    expected = 255 + (colour.astype(float) - 255) * alpha[..., None] / 255
    np.testing.assert_allclose(image, expected, atol=1)
    assert facts.mode == "RGBA"


def test_grey_with_alpha_and_one_transparent_colour():
    both = Image.merge("LA", [Image.fromarray(GREY), Image.new("L", (9, 6), 0)])
    assert np.all(decode(saved(both, "PNG"))[0] == 255)
    image, _ = decode(saved(np.array([[10, 20]], np.uint8), "PNG", transparency=10))
    np.testing.assert_array_equal(image, grey([[255, 20]]))
    image, _ = decode(saved(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8), "PNG", transparency=(1, 2, 3)))
    np.testing.assert_array_equal(image, [[[255] * 3, [4, 5, 6]]])


def test_cmyk_jpeg_keeps_its_colours():
    red = Image.new("RGB", (16, 16), (220, 30, 30))
    image, facts = decode(saved(red.convert("CMYK"), "JPEG", quality=95))
    assert facts.mode == "CMYK"
    assert np.abs(image.astype(int) - np.asarray(red)).max() < 12


def test_first_frame_of_an_animation():
    frames = [Image.new("L", (7, 5), shade) for shade in (10, 90, 200)]
    for form in ("GIF", "PNG", "TIFF"):
        image, facts = decode(saved(frames[0], form, save_all=True, append_images=frames[1:]))
        assert facts.frames == 3
        np.testing.assert_array_equal(image, np.full((5, 7, 3), 10))


# -- orientation ----------------------------------------------------------------------------------------------

UPRIGHT = {  # EXIF 2.3, tag 0x0112, in numpy's words
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "TIFF", "TIFF, compressed", "WEBP", "JPEG"])
def test_exif_orientation_gives_the_upright_picture(orientation, form):
    exif = Image.Exif()
    exif[0x0112] = orientation
    form, compressed = form.partition(",")[::2]
    options = {"lossless": True} if form == "WEBP" else {"compression": "tiff_lzw"} if compressed else {}
    raw = saved(PIXELS, form, exif=exif, **options)
    image, facts = decode(raw)
    if form == "JPEG":
        with Image.open(io.BytesIO(raw)) as reference:
            np.testing.assert_array_equal(image, np.asarray(ImageOps.exif_transpose(reference)))
    else:
        np.testing.assert_array_equal(image, UPRIGHT[orientation](PIXELS))
    assert (facts.height, facts.width) == image.shape[:2]
    assert facts.turned == (orientation != 1)


@pytest.mark.parametrize("orientation", [0, 9, 6000])
def test_an_impossible_orientation_changes_nothing(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image, facts = decode(saved(PIXELS, "PNG", exif=exif))
    np.testing.assert_array_equal(image, PIXELS)
    assert not facts.turned


def test_damaged_metadata_does_not_cost_the_picture():
    np.testing.assert_array_equal(decode(saved(PIXELS, "PNG", exif=b"Exif\0\0rubbish"))[0], PIXELS)
    decode(saved(SMOOTH, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f"))


# -- size -----------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 700), st.integers(1, 700), st.integers(1, 300), st.sampled_from(["JPEG", "PNG"]))
def test_reduced_to_the_longest_side_and_never_enlarged(width, height, longest, form):
    raw = saved(Image.linear_gradient("L").resize((width, height)), form)
    image, facts = decode(raw, longest_side=longest)
    scale = min(1.0, longest / max(width, height))
    assert image.shape == (max(1, round(height * scale)), max(1, round(width * scale)), 3)
    assert (facts.height, facts.width) == (height, width)
    np.testing.assert_array_equal(image, decode(raw, longest_side=longest)[0])


def test_jpeg_draft_is_close_to_a_full_decode_and_only_a_help():
    y, x = np.mgrid[0:1100, 0:1500]
    waves = (127 + 60 * np.sin(x / 40) + 60 * np.cos(y / 55)).astype(np.uint8)
    raw = saved(waves, "JPEG", quality=95)
    full = Image.fromarray(decode(raw, longest_side=None)[0])
    assert full.size == (1500, 1100)
    for longest in (750, 375, 300, 187, 180, 90):  # within draft's steps and between them
        image, _ = decode(raw, longest_side=longest)
        expected = np.asarray(full.resize((longest, round(1100 * longest / 1500)), Image.Resampling.HAMMING))
        assert np.abs(image.astype(int) - expected).mean() < 1


def test_the_longest_side_kept_unless_asked():
    raw = saved(Image.new("L", (STORE_SIDE * 2, 10)), "PNG")
    assert decode(raw)[0].shape == (5, STORE_SIDE, 3)
    assert decode(raw, longest_side=None)[0].shape == (10, STORE_SIDE * 2, 3)


def test_a_long_thin_picture_keeps_a_row():
    assert decode(saved(Image.new("L", (20_000, 1)), "PNG"))[0].shape == (1, STORE_SIDE, 3)


def test_resize():
    image = np.full((4, 6, 3), 70, np.uint8)
    assert resize(image, 4, 6) is image
    np.testing.assert_array_equal(resize(image, 7, 5), np.full((7, 5, 3), 70))


# -- files ----------------------------------------------------------------------------------------------------


def test_a_file_and_its_bytes_give_the_same(tmp_path, draw):
    for suffix in (".png", ".jpg", ".webp", ".tif", ".bmp", ".gif"):
        file = draw(tmp_path / f"a{suffix}", 600, 40)
        image, facts = decode(file)
        same, same_facts = decode(file.read_bytes())
        np.testing.assert_array_equal(image, same)
        np.testing.assert_array_equal(image, decode(str(file))[0])
        assert facts == same_facts
        assert facts.bytes == file.stat().st_size


def test_the_name_does_not_matter(tmp_path):
    for name in ("a.jpg", "b.txt", "c", "d.png"):
        (tmp_path / name).write_bytes(saved(PIXELS, "TIFF"))
        image, facts = decode(tmp_path / name)
        np.testing.assert_array_equal(image, PIXELS)
        assert facts.format == "TIFF"


def test_recognised_by_first_bytes(tmp_path):
    file = tmp_path / "anything"
    for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
        file.write_bytes(saved(PIXELS, form))
        assert recognised(file)
    for content in (b"", b"hello", b"#define x_width 8\n", bytes(18) + b"x" * 99):
        file.write_bytes(content)
        assert not recognised(file)
    assert not recognised(tmp_path / "absent")
    assert {".png", ".jpg", ".jpeg", ".tif", ".webp", ".heic", ".mpo"} <= picture_suffixes()
    assert not {".txt", ".pdf", ".eps", ".mpg"} & picture_suffixes()


# -- what is no picture ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "empty"),
        (b"hello world", "no picture format fits; it begins with 'hello world'"),
        (b"\n<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"%PDF-1.7", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "PostScript"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (saved(PIXELS, "PNG").replace(b"IHDR", b"IHDX"), "a damaged PNG file"),
        (saved(PIXELS, "PNG")[:60], "truncated"),
        (saved(PIXELS, "BMP")[:80], "truncated"),
        (saved(np.tile(PIXELS, (20, 20, 1)), "JPEG")[:-3000], "truncated"),
        (saved(PIXELS, "GIF")[:-30], "damaged"),
    ],
)
def test_what_cannot_be_decoded_is_said(content, found, tmp_path, refused):
    file = tmp_path / "a.jpg"
    file.write_bytes(content)
    error = refused(decode, file)
    assert isinstance(error, BrokenPictureError)
    assert found in error.found
    assert error.where == str(file)
    assert refused(decode, content).found == error.found


@pytest.mark.parametrize("name", ["absent.png", "a\0b.png", "folder", "x" * 300])
def test_no_file(name, tmp_path, refused):
    (tmp_path / "folder").mkdir()
    assert isinstance(refused(decode, tmp_path / name), BrokenPictureError)


def test_permission_denied_is_said_in_its_words(tmp_path, draw, refused, monkeypatch):
    file = draw(tmp_path / "a.png")

    def deny(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.stat", deny)
    assert refused(decode, file).found == "Permission denied"


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(99)))
        + chunk(b"IEND", b"")
    )


def test_a_bomb_is_refused_by_its_size_before_it_is_decoded(tmp_path, refused, memory_growth_mb):
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(png_claiming(100_000, 100_000))
    error = refused(decode, bomb)
    assert "120 megapixels" in error.expected
    assert "10,000,000,000 pixels" in error.found
    assert "12001 x 10000 pixels" in refused(decode, png_claiming(12_001, 10_000)).found
    assert MAX_PIXELS < 12_001 * 10_000
    grown = memory_growth_mb(
        """
        from tellapart.errors import TellapartError
        from tellapart.pictures.decode import decode, picture_suffixes
        picture_suffixes()  # imports Pillow's plugins
        """,
        """
        try:
            decode(sys.argv[1])
        except TellapartError:
            pass
        """,
        str(bomb),
    )
    assert grown < 10


def test_no_warning_leaks_from_a_picture_that_decodes():
    odd = bytearray(saved(PIXELS, "TIFF"))
    where = odd.index(struct.pack("<HH", 258, 3))
    odd[where : where + 2] = struct.pack(
        "<H", 33432
    )  # bits per sample becomes a copyright note at an odd place
    apng = png_claiming(3, 2).replace(b"IDAT", b"acTL", 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for raw in (bytes(odd), apng, saved(SMOOTH, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff")):
            try:
                decode(raw)
            except BrokenPictureError:
                continue
    assert not [str(warning.message) for warning in caught]


SAMPLES = [
    saved(PIXELS, "PNG"),
    saved(Image.fromarray(PIXELS).quantize(4), "PNG", transparency=1),
    saved(PIXELS, "JPEG"),
    saved(Image.fromarray(PIXELS), "GIF", save_all=True, append_images=[Image.fromarray(PIXELS[::-1])]),
    saved(PIXELS, "TIFF"),
    saved(PIXELS.astype(np.uint16)[..., 0] * 257, "TIFF"),
    saved(PIXELS, "WEBP"),
    saved(PIXELS, "BMP"),
]


@st.composite
def damaged(draw_from) -> bytes:
    raw = bytearray(draw_from(st.sampled_from(SAMPLES)))
    for _ in range(draw_from(st.integers(1, 4))):
        raw[draw_from(st.integers(0, min(len(raw), 150) - 1))] = draw_from(st.integers(0, 255))
    return bytes(raw[: draw_from(st.integers(0, len(raw)))] if draw_from(st.booleans()) else raw)


@settings(deadline=2000, max_examples=100)
@given(st.one_of(st.binary(max_size=200), damaged()))
def test_garbage_is_decoded_or_refused_and_never_anything_else(raw):
    try:
        image, facts = decode(raw, longest_side=64)
    except BrokenPictureError as error:
        said = error.found
    else:
        said = "decoded"
        assert image.ndim == 3
        assert 0 < min(image.shape) <= max(image.shape) <= 64
        assert facts.bytes == len(raw)
    assert said
    assert "\n" not in said
    assert " at 0x" not in said
