"""The view of a track in a terminal: what plays, what comes next, and keys for all of it."""

from collections.abc import Callable
from typing import ClassVar, final

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import Key
from textual.widgets import Static

from solferino.errors import SolferinoError
from solferino.live.commands import COMMANDS, Desk
from solferino.live.loop_pictures import LoopPicture, looper_words, position_words

REFRESHES_A_SECOND = 12
QUIT_KEYS = ("q", "ctrl+c", "ctrl+q")
COLOURS = ("#4fc3f7", "#ffb74d", "#aed581", "#f06292", "#ba68c8", "#fff176", "#4db6ac", "#e57373")
"""Of the loopers, one after the other."""


@final
class TrackView(App[None]):
    """Shows a track that is played, and takes keys.

    Parameters
    ----------
    desk : Desk
    begin : function, optional
        Is called when the view is there; drawing it the first time takes long.
    more_words : function, optional
        Says what else there is to tell, in a line of its own.
    """

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, "quit", show=False, priority=True) for key in QUIT_KEYS
    ]
    CSS = """
    Screen { layout: vertical; }
    #position { height: 1; text-style: bold; }
    #loops { height: 1fr; }
    .words { height: 1; }
    .roll { height: auto; margin: 0 0 1 0; }
    #notice { height: 1; }
    #help { height: auto; color: $text-muted; }
    """

    def __init__(
        self,
        desk: Desk,
        begin: Callable[[], object] = lambda: None,
        more_words: Callable[[], str] = str,
    ) -> None:
        super().__init__()
        self._desk = desk
        self._begin = begin
        self._more_words = more_words
        self._notice = ""
        self._chosen = 0
        self._pictures = [LoopPicture(looper) for looper in desk.track]
        self._shown: dict[str, object] = {}

    def compose(self) -> ComposeResult:
        """Lay out a line of facts, the loops, a notice and the keys."""
        yield Static(id="position", markup=False)
        with VerticalScroll(id="loops", can_focus=False):
            for number, _ in enumerate(self._pictures):
                yield Static(id=f"words{number}", classes="words", markup=False)
                yield Static(id=f"roll{number}", classes="roll", markup=False)
        yield Static(id="notice", markup=False)
        yield Static(help_words(len(self._pictures)), id="help", markup=False)

    def on_mount(self) -> None:
        """Draw everything once, begin, and look at the music several times a second."""
        self.look()
        self.set_interval(1 / REFRESHES_A_SECOND, self.look)
        self.call_after_refresh(self._begin)

    def on_key(self, event: Key) -> None:
        """Choose a looper, or carry out a command."""
        count = len(self._pictures)
        if event.key in ("up", "down"):
            self._chosen = (self._chosen + (1 if event.key == "down" else -1)) % count
        elif event.character and event.character.isdecimal():
            self._chosen = min(max(int(event.character), 1), count) - 1
        else:
            self._command(event.character or "")
        self.query_one(f"#words{self._chosen}", Static).scroll_visible(animate=False)
        self.look()

    def look(self) -> None:
        """Show how things are now; what has not changed is not drawn again."""
        if not self.query("#position"):
            return  # the view is being taken down
        player = self._desk.player
        line, now_s = player.transport.line, player.clock.now_s()
        quarters = line.quarters_at(now_s)
        if self._desk.has_ended:
            self.exit()
            return
        where = position_words(line, player.transport.meter, now_s)
        punctuality = player.lateness.report().short_words
        self._show("position", f"{where} · missed {self._desk.track.misses} · {punctuality}")
        for number, picture in enumerate(self._pictures):
            mark = "▶" if number == self._chosen else " "
            words = f"{mark} {number + 1} {looper_words(picture.looper)}"
            self._show(f"words{number}", words, bold=number == self._chosen)
            self._show_roll(number, picture, quarters)
        self._show("notice", " · ".join(filter(None, (self._more_words(), self._notice))))

    def _command(self, character: str) -> None:
        for command in COMMANDS.values():
            if character and command.key == character:
                looper = self._pictures[self._chosen].looper.part.name
                try:
                    self._notice = self._desk.do(command.name, looper if command.to_looper else "")
                except SolferinoError as error:
                    self._notice = str(error)

    def _show_roll(self, number: int, picture: LoopPicture, quarters: float) -> None:
        name = f"roll{number}"
        roll = picture.roll(quarters, self.size.width - 2)
        roll.style = COLOURS[number % len(COLOURS)]
        before = self._shown.get(name)
        if before != roll:
            self._shown[name] = roll
            is_as_high = isinstance(before, Text) and _height(before) == _height(roll)
            self.query_one(f"#{name}", Static).update(roll, layout=not is_as_high)

    def _show(self, name: str, words: str, *, bold: bool = False) -> None:
        shown = (words, bold)
        if self._shown.get(name) != shown:
            self._shown[name] = shown
            told = Text(words, "bold" if bold else "")
            self.query_one(f"#{name}", Static).update(told, layout=False)


def _height(roll: Text) -> int:
    return roll.plain.count("\n")


def help_words(num_loopers: int) -> str:
    """List the keys."""
    names = {" ": "space", "R": "shift+r"}
    keys = [(names.get(c.key, c.key), c.words) for c in COMMANDS.values() if c.key]
    choose = f"1-{num_loopers} or arrows choose a looper"
    told = [choose, *(f"{key} {words}" for key, words in keys), "q quit"]
    return " · ".join(each.replace(" ", "\u00a0") for each in told)
