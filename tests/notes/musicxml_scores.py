"""Small scores in MusicXML, put together from their elements."""

import io
import zipfile

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def note(pitch="C4", duration=1, *inside, before="", voice="1", **attributes):
    """Write a note; a pitch such as "F#5", "r" for a rest, "u:G5" for a drum."""
    if pitch == "r":
        what = "<rest/>"
    elif pitch.startswith("u:"):
        step, octave = pitch[2], pitch[3]
        what = f"<unpitched><display-step>{step}</display-step>"
        what += f"<display-octave>{octave}</display-octave></unpitched>"
    else:
        alter = pitch.count("#") - pitch[1:].count("b")
        what = f"<pitch><step>{pitch[0]}</step><alter>{alter}</alter>"
        what += f"<octave>{pitch[-1]}</octave></pitch>"
    length = "" if duration is None else f"<duration>{duration}</duration>"
    names = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<note{names}>{before}{what}{length}<voice>{voice}</voice>{''.join(inside)}</note>"


def chord(pitch, duration=1, *inside, **others):
    """Write a note that begins with the one before."""
    return note(pitch, duration, *inside, before="<chord/>", **others)


def grace(pitch, *inside, before=""):
    """Write a grace note."""
    return note(pitch, None, *inside, before="<grace/>" + before)


def tie(*types):
    """Write ties."""
    return "".join(f'<tie type="{kind}"/>' for kind in types)


def attributes(divisions=1, *inside, time="4/4", fifths=None, mode="major"):
    """Write attributes."""
    text = f"<attributes><divisions>{divisions}</divisions>" if divisions else "<attributes>"
    if fifths is not None:
        text += f"<key><fifths>{fifths}</fifths><mode>{mode}</mode></key>"
    if time:
        beats, of = time.split("/")
        text += f"<time><beats>{beats}</beats><beat-type>{of}</beat-type></time>"
    return text + "".join(inside) + "</attributes>"


def backup(duration):
    """Go back."""
    return f"<backup><duration>{duration}</duration></backup>"


def forward(duration):
    """Go on without a note."""
    return f"<forward><duration>{duration}</duration></forward>"


def direction(inside, after=""):
    """Write a direction with one type."""
    return f"<direction><direction-type>{inside}</direction-type>{after}</direction>"


def harmony(root="C", kind="major", *inside, text=None, alter=0):
    """Write a chord symbol."""
    words = "" if text is None else f' text="{text}"'
    return (
        f"<harmony><root><root-step>{root}</root-step><root-alter>{alter}</root-alter></root>"
        f"<kind{words}>{kind}</kind>{''.join(inside)}</harmony>"
    )


def degree(value, alter, action):
    """Write a change of a chord."""
    return (
        f"<degree><degree-value>{value}</degree-value><degree-alter>{alter}</degree-alter>"
        f"<degree-type>{action}</degree-type></degree>"
    )


def measures(*contents):
    """Write the measures of a part."""
    pairs = enumerate(contents, 1)
    return "".join(f'<measure number="{k}">{content}</measure>' for k, content in pairs)


def score_part(inside="", name="Part", part_id="P1"):
    """Write an entry of the list of parts."""
    return f'<score-part id="{part_id}"><part-name>{name}</part-name>{inside}</score-part>'


def score(*parts, part_list="", before=""):
    """Write a score; its parts are lists of measures."""
    body = "".join(f'<part id="P{k}">{part}</part>' for k, part in enumerate(parts, 1))
    text = (
        f'{HEAD}<score-partwise version="4.0">{before}<part-list>{part_list}</part-list>'
        f"{body}</score-partwise>"
    )
    return text.encode()


def archive(files):
    """Pack files into an archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return packed.getvalue()
