"""The phrases themselves, English and Russian. How they are used stands in ``phrasebook``.

A phrase says one thing, in words an officer reads at once; it neither approves nor permits. The
codes are part of the protocol: a code is never given another meaning, only retired.
"""

import msgspec

from detente.line.slots import SlotKind

_TIME, _DURATION, _POSITION = SlotKind.TIME, SlotKind.DURATION, SlotKind.POSITION
_ALTITUDE, _LENGTH = SlotKind.ALTITUDE, SlotKind.LENGTH
_ACTIVITY, _TEXT = SlotKind.ACTIVITY, SlotKind.TEXT


class Phrase(msgspec.Struct, frozen=True):
    """One phrase: its code, its slots in order of speaking, and its pattern per language."""

    code: str
    slots: dict[str, SlotKind]
    text: dict[str, str]


def _phrase(code: str, en: str, ru: str, **slots: SlotKind) -> Phrase:
    return Phrase(code, slots, {"en": en, "ru": ru})


TALK = (
    _phrase("understood", "Received and understood.", "Сообщение принято и понято."),
    _phrase("say-again", "Say again.", "Повторите."),
    _phrase(
        "read-back-request",
        "Read back my last message word for word.",
        "Повторите моё последнее сообщение дословно.",
    ),
    _phrase("read-back", "I read back: {text}", "Повторяю ваше сообщение: {text}", text=_TEXT),
    _phrase("correction", "Correction: {text}", "Поправка: {text}", text=_TEXT),
    _phrase("stand-by", "Stand by until {until}.", "Ждите до {until}.", until=_TIME),
    _phrase("reply-by", "I will reply by {by}.", "Отвечу не позднее {by}.", by=_TIME),
    _phrase(
        "unable",
        "Unable. Reason: {reason}",
        "Выполнить невозможно. Причина: {reason}",
        reason=_TEXT,
    ),
    _phrase(
        "use-phrases",
        "No interpreter on watch. Use phrases of the phrasebook.",
        "Переводчика в смене нет. Пользуйтесь фразами разговорника.",
    ),
)

LINE = (
    _phrase("line-check", "Line check. How do you receive?", "Проверка линии. Как принимаете?"),
    _phrase("line-ok", "Line check: receiving normally.", "Проверка линии: приём нормальный."),
)

ACTIVITY = (
    _phrase(
        "request-later",
        "Request you start activity {activity} later by {by}.",
        "Просим сдвинуть деятельность {activity} на более позднее время, на {by}.",
        activity=_ACTIVITY,
        by=_DURATION,
    ),
    _phrase(
        "request-earlier",
        "Request you start activity {activity} earlier by {by}.",
        "Просим сдвинуть деятельность {activity} на более раннее время, на {by}.",
        activity=_ACTIVITY,
        by=_DURATION,
    ),
    _phrase(
        "request-above",
        "Request you keep activity {activity} at or above {altitude}.",
        "Просим выполнять деятельность {activity} не ниже: {altitude}.",
        activity=_ACTIVITY,
        altitude=_ALTITUDE,
    ),
    _phrase(
        "request-below",
        "Request you keep activity {activity} at or below {altitude}.",
        "Просим выполнять деятельность {activity} не выше: {altitude}.",
        activity=_ACTIVITY,
        altitude=_ALTITUDE,
    ),
    _phrase(
        "request-explanation",
        "Request explanation of activity {activity}.",
        "Просим дать разъяснения по деятельности {activity}.",
        activity=_ACTIVITY,
    ),
    _phrase(
        "no-conflict-exact",
        "Checked at exact precision: our activity {ours} does not conflict with your released "
        "activity {yours}.",
        "Проверено по точным данным: наша деятельность {ours} не конфликтует с заявленной вами "
        "деятельностью {yours}.",
        ours=_ACTIVITY,
        yours=_ACTIVITY,
    ),
    _phrase(
        "weather-hold",
        "Activity {activity} is held for weather until {until}.",
        "Деятельность {activity} отложена по метеоусловиям до {until}.",
        activity=_ACTIVITY,
        until=_TIME,
    ),
    _phrase(
        "activity-ended",
        "Activity {activity} ended at {at}.",
        "Деятельность {activity} завершена в {at}.",
        activity=_ACTIVITY,
        at=_TIME,
    ),
    _phrase(
        "convoy-delayed",
        "Convoy {activity} is delayed until {until}.",
        "Колонна {activity} задерживается до {until}.",
        activity=_ACTIVITY,
        until=_TIME,
    ),
    _phrase(
        "confirm-position",
        "Confirm position {position}, place name {place}.",
        "Подтвердите координаты {position}, название пункта: {place}.",
        position=_POSITION,
        place=_TEXT,
    ),
)

SAFETY = (
    _phrase(
        "aircraft-in-distress",
        "URGENT, SAFETY. Aircraft in distress at {position}, {altitude}, time {at}. Keep other "
        "traffic away, assist if able.",
        "СРОЧНО, БЕЗОПАСНОСТЬ. Воздушное судно терпит бедствие: место {position}, высота: "
        "{altitude}, время {at}. Отведите другие воздушные суда, по возможности окажите помощь.",
        position=_POSITION,
        altitude=_ALTITUDE,
        at=_TIME,
    ),
    _phrase(
        "contact-lost",
        "URGENT, SAFETY. Contact lost with our aircraft of activity {activity}. Last known "
        "position {position}, {altitude}, time {at}.",
        "СРОЧНО, БЕЗОПАСНОСТЬ. Потеряна связь с нашим воздушным судном, деятельность {activity}. "
        "Последнее известное место {position}, высота: {altitude}, время {at}.",
        activity=_ACTIVITY,
        position=_POSITION,
        altitude=_ALTITUDE,
        at=_TIME,
    ),
    _phrase(
        "stop-within",
        "URGENT, SAFETY. For safety, stop all activity within {radius} of {position} until "
        "{until}.",
        "СРОЧНО, БЕЗОПАСНОСТЬ. В целях безопасности прекратите всякую деятельность в радиусе "
        "{radius} от точки {position} до {until}.",
        radius=_LENGTH,
        position=_POSITION,
        until=_TIME,
    ),
    _phrase(
        "danger-over",
        "Danger within {radius} of {position} is over as of {at}.",
        "Опасность в радиусе {radius} от точки {position} миновала, время {at}.",
        radius=_LENGTH,
        position=_POSITION,
        at=_TIME,
    ),
)

GROUPS: dict[str, tuple[Phrase, ...]] = {
    "Talk": TALK,
    "The line itself": LINE,
    "Activities": ACTIVITY,
    "Safety": SAFETY,
}
