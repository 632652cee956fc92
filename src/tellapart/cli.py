"""The command line: words and options, no logic."""

from __future__ import annotations

import signal
import sys
import threading
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from tellapart.errors import TellapartError
from tellapart.terminal import (
    print_figures,
    print_findings,
    print_json,
    print_plan,
    print_result,
    say,
    shown_progress,
)

app = typer.Typer(
    name="tellapart",
    help="From a folder of labelled pictures to a classifier you can trust.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

INTERRUPTED = 130  # 128 + SIGINT, as shells have it

PicturesArgument = Annotated[
    str,
    typer.Argument(
        help="A folder with one folder per class, or a table, here or at an address (s3://…); see the README."
    ),
]
RunArgument = Annotated[Path, typer.Argument(help="The folder of a finished run.")]
GroupsOption = Annotated[
    str | None, typer.Option("--groups", metavar="FILE", help="A table file,group of what belongs together.")
]
OnOption = Annotated[
    str,
    typer.Option(
        "--on",
        metavar="WHERE",
        help="local, ray (started on this machine) or ray://HOST:PORT; the same numbers.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output.")]


@app.command()
def demo(
    name: Annotated[str, typer.Argument(help="pellets or quarter.")],
    out: Annotated[Path, typer.Argument(help="The folder to write.")],
    seed: Annotated[int, typer.Option(help="Other seeds draw other pictures.")] = 0,
    per_class: Annotated[int | None, typer.Option(help="Training pictures per class.")] = None,
) -> None:
    """Write a stand-in picture set to try things on."""
    from tellapart.pictures.demo import write_demo

    written = write_demo(name, out, seed=seed, per_class=per_class)
    total = sum(written.counts.values())
    say(
        f"{written.folder}: {total} pictures" + (", already there" if written.already_there else ""), err=True
    )


@app.command()
def audit(
    pictures: PicturesArgument,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write audit.json, a page to read and proposed groups here."),
    ] = None,
    groups: GroupsOption = None,
    seed: Annotated[int, typer.Option(help="Draws folds and random pairs.")] = 0,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 3 when a finding says stop.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say what is wrong with PICTURES before anything is trained on them."""
    from tellapart.inspection import audit_source

    with shown_progress() as progress:
        document = audit_source(pictures, out, progress, groups_file=groups, seed=seed)
    if as_json:
        print_json(document)
    else:
        print_findings(document)
        if out is not None:
            say(f"Page: {out / 'audit.html'}", err=True)
    if strict and any(one["severity"] == "stop" for one in document["findings"]):
        raise typer.Exit(3)


@app.command()
def train(
    pictures: PicturesArgument,
    out: Annotated[Path, typer.Option(metavar="RUN", help="The run folder to write.")],
    time: Annotated[str, typer.Option(help="A ceiling for the whole command: 90, 90s, 10m, 1h.")] = "10m",
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers on the same machine.")] = 0,
    positive: Annotated[
        str | None, typer.Option(help="The class that is looked for; the rarer one by default.")
    ] = None,
    min_precision: Annotated[
        float | None, typer.Option(help="Of what is called positive, at least this share is.")
    ] = None,
    min_recall: Annotated[
        float | None, typer.Option(help="At least this share of the positives is found.")
    ] = None,
    cost: Annotated[
        str | None, typer.Option(metavar="FALSE_ALARM:MISS", help="What each mistake costs, say 1:20.")
    ] = None,
    prevalence: Annotated[
        float | None, typer.Option(help="Share of positives where it will be used, say .005.")
    ] = None,
    backbone: Annotated[
        str,
        typer.Option(
            help="The pretrained network behind `probe`: efficientnet-lite0 (with efficientnet-lite2 where it helps), "
            "efficientnet-lite2, hub:OWNER/NAME, a folder, a .onnx file or timm:NAME."
        ),
    ] = "efficientnet-lite0",
    members: Annotated[
        str,
        typer.Option(
            help="What may be tried, in this order: probe (a pretrained network, frozen), detail (small nets from "
            "scratch), finetune (the built-in network tuned end to end: minutes to hours)."
        ),
    ] = "probe,detail",
    groups: GroupsOption = None,
    corrections: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="A table path,label,decision of labels to replace; `serve` writes one."
        ),
    ] = None,
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Show the plan and the time it takes; train nothing.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 3 when the result is not to be trusted.")
    ] = False,
    on: OnOption = "local",
    as_json: JsonOption = False,
) -> None:
    """Train on PICTURES, and say how good the result is and whether that may be believed."""
    from tellapart.evaluate.aim import Aim
    from tellapart.options import TrainOptions, parse_duration, parse_members
    from tellapart.scale.opening import parse_on

    place = parse_on(on)
    options = TrainOptions(
        time_seconds=parse_duration(time),
        seed=seed,
        positive=positive,
        aim=Aim.parse(min_precision=min_precision, min_recall=min_recall, cost=cost, prevalence=prevalence),
        backbone=backbone,
        members=parse_members(members),
        groups_file=groups,
        corrections_file=corrections,
    )
    if plan_only:
        from tellapart.pipeline import plan_only as make_plan_only

        print_plan(make_plan_only(pictures, options), as_json=as_json)
        return
    from tellapart.pipeline import train as run_training

    with shown_progress() as progress:
        metrics = run_training(pictures, out, options, progress, place)
    print_result(metrics, out, as_json=as_json)
    if strict and metrics["decision"] != "trustworthy":
        raise typer.Exit(3)


@app.command()
def diagnose(
    what: Annotated[
        str,
        typer.Argument(
            help="A training script (.py), a notebook, - for one on standard input, a history (.csv, .json), or a run "
            "folder."
        ),
    ],
    args: Annotated[
        list[str] | None, typer.Argument(metavar="-- ARGS...", help="What the script itself is given.")
    ] = None,
    pictures: Annotated[
        str | None, typer.Option(metavar="DIR", help="The script's first argument, or {pictures} in ARGS.")
    ] = None,
    time: Annotated[str, typer.Option(help="A ceiling for the whole command: 90, 90s, 10m, 1h.")] = "10m",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the report, fixed.py and fix.patch here.")
    ] = None,
    on: OnOption = "local",
    as_json: JsonOption = False,
) -> None:
    """Say why the training in WHAT fails, proved by running it, and how to mend it."""
    from tellapart.diagnose.given import diagnose_given
    from tellapart.diagnose.spoken import in_words
    from tellapart.options import parse_duration
    from tellapart.scale.opening import parse_on

    found = diagnose_given(
        what,
        pictures=pictures,
        seconds=parse_duration(time),
        args=args or (),
        out=out,
        say=partial(say, err=True),
        on=parse_on(on),
    )
    if as_json:
        print_json(found.to_dict())
    else:
        say(in_words(found))


@app.command()
def study(
    question: Annotated[str, typer.Argument(help="size, amount, balance or augmentation.")],
    pictures: PicturesArgument,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write report.html and study.json here; the same command resumes."),
    ] = None,
    time: Annotated[str, typer.Option(help="A ceiling for the whole command: 90, 90s, 10m, 1h.")] = "10m",
    seed: Annotated[int, typer.Option(help="Draws folds and trainings.")] = 0,
    positive: Annotated[
        str | None, typer.Option(help="The class that is looked for; the rarest by default.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="probe or detail; the one that does better on the first fold by default. Or your own training script "
            "(.py, .ipynb): it is run in a copy of its folder, with PICTURES as its first argument."
        ),
    ] = None,
    groups: GroupsOption = None,
    on: OnOption = "local",
    as_json: JsonOption = False,
) -> None:
    """Say by measurement whether larger pictures, more of them, rebalancing or augmentation would help."""
    from tellapart.options import parse_duration
    from tellapart.scale.opening import parse_on
    from tellapart.study.options import StudyOptions

    place = parse_on(on)
    options = StudyOptions(
        question=question,
        time_seconds=parse_duration(time),
        seed=seed,
        positive=positive,
        model=model,
        groups_file=groups,
    )
    from tellapart.report import study_in_words
    from tellapart.study.studying import study_source

    with shown_progress() as progress:
        document = study_source(pictures, out, options, progress, place)
    if as_json:
        print_json(document)
    else:
        say(study_in_words(document))
        if out is not None:
            say(f"Report: {out / 'report.html'}", err=True)


@app.command()
def evaluate(run: RunArgument, pictures: PicturesArgument, as_json: JsonOption = False) -> None:
    """Measure a run on other pictures."""
    from tellapart.evaluation import evaluate_run

    metrics = evaluate_run(run, pictures)
    if as_json:
        print_json(metrics)
    else:
        print_figures(metrics)


@app.command()
def predict(
    run: RunArgument,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Pictures, folders, quoted patterns, tables with a column path, addresses (s3://…) of these, or - for "
            "a list of files on standard input.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write a .csv or .parquet table; without it CSV goes to standard output."
        ),
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write a heatmap of every picture here: where the evidence lies."),
    ] = None,
    on: OnOption = "local",
) -> None:
    """Label pictures: class, probabilities, and whether the model is sure. With --out the same command resumes."""
    from tellapart.deploy.bulk.predicting import predict_to_stdout, predict_to_table
    from tellapart.scale.opening import parse_on

    place = parse_on(on)
    if out is None:
        predict_to_stdout(run, paths, explain, partial(say, err=True), place)
        return
    with shown_progress() as progress:
        predict_to_table(run, paths, out, progress, explain, place)


@app.command()
def export(
    run: RunArgument,
    to: Annotated[Path, typer.Option(metavar="FILE.onnx", help="The file to write.")],
    pictures: Annotated[
        str | None,
        typer.Option(help="Where the run's pictures are now, if they were moved or lie at an address."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write one ONNX file from decoded pictures to probabilities, once it agrees with the run on its pictures."""
    from tellapart.deploy.export.exporting import export_run

    certificate = export_run(run, to, pictures)
    if as_json:
        print_json(certificate)
    else:
        say(f"{certificate['words']}\n{to}", err=True)


@app.command()
def serve(
    run: RunArgument,
    host: Annotated[str, typer.Option(help="The address to listen on; others need --token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes any that is free.")] = 8000,
    token: Annotated[
        str | None, typer.Option(envvar="TELLAPART_TOKEN", help="What every request has to carry.")
    ] = None,
    max_mib: Annotated[int, typer.Option(help="The largest request.")] = 32,
    max_megapixels: Annotated[int, typer.Option(help="The largest picture.")] = 50,
    pictures: Annotated[
        str | None,
        typer.Option(help="Where the run's pictures are now, if they were moved or lie at an address."),
    ] = None,
) -> None:
    """Answer over HTTP, pictures in, labels out; and show a page to try it and to check labels."""
    from tellapart.deploy.service.options import ServeOptions, require_extra
    from tellapart.pictures.address import location_of

    options = ServeOptions(
        host, port, token, max_mib, max_megapixels, None if pictures is None else location_of(pictures)
    )
    require_extra()
    from tellapart.deploy.service.serving import serve as serve_run

    serve_run(run, options, partial(say, err=True))


@app.command()
def report(
    run: RunArgument,
    out: Annotated[
        Path | None, typer.Option(help="Where to write it; report.html of the run by default.")
    ] = None,
) -> None:
    """Render the report of a run again."""
    from tellapart.report import render_report
    from tellapart.run_folder import RunFolder

    target = run / "report.html" if out is None else out
    page = render_report(run)
    RunFolder(target.parent).write_text(target.name, page)
    say(str(target), err=True)


@app.callback(invoke_without_command=True)
def version_option(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """From a folder of labelled pictures to a classifier you can trust."""
    if version:
        from tellapart import __version__

        typer.echo(__version__)
        raise typer.Exit


def _resumes(arguments: list[str]) -> bool:
    """Tell whether the same command goes on where it was stopped."""
    into_file = any(one.split("=")[0] == "--out" for one in arguments)
    return arguments[:1] == ["train"] or (arguments[:1] in (["predict"], ["study"]) and into_file)


def main() -> None:
    """Run the command line; a user's mistake is one message and exit status 2."""
    interrupted = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        interrupted.set()
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        app()
    except (Exception, KeyboardInterrupt, SystemExit) as end:
        # Ctrl-C while a compiled library is imported comes out as that library's error.
        if interrupted.is_set() or isinstance(end, KeyboardInterrupt):
            goes_on = "; the same command goes on from here" * _resumes(sys.argv[1:])
            sys.stderr.write(f"\ntellapart: stopped{goes_on}\n")
            sys.exit(INTERRUPTED)
        if not isinstance(end, TellapartError):
            raise
        sys.stderr.write(f"tellapart: {end}\n")
        sys.exit(2)
