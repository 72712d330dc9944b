#include "ui/style/style_sheet.h"

#include <QHash>

namespace sealift {

namespace {

// @name is replaced by the token of that name.
constexpr char kTemplate[] = R"(
QWidget { color: @text; }
QMainWindow, QDialog { background: @window; }
QDialog { background: @surface; }
QToolTip { background: @surface; color: @text; border: 1px solid @border; padding: 4px 8px; }

QFrame[frame="card"], QFrame[frame="panel"] { background: @surface; border: 1px solid @border; border-radius: @radiusCard; }
QFrame[frame="sunken"] { background: @field; border: 1px solid @border; border-radius: @radiusControl; }
QFrame[frame="side"] { background: @surface; border: none; border-right: 1px solid @border; }
QFrame[frame="rail"] { background: @chrome; border: none; border-right: 1px solid @border; }
QFrame[frame="status"] { background: @chrome; border: none; border-top: 1px solid @border; }
QFrame[frame="line"] { background: @border; border: none; }
QFrame[borderTone="accent"] { border: 1px solid @accent; }
QFrame[borderTone="good"] { border: 1px solid @good; }
QFrame[borderTone="warning"] { border: 1px solid @warning; }
QFrame[borderTone="bad"] { border: 1px solid @bad; }

QLabel { background: transparent; }
QLabel[tone="muted"] { color: @textMuted; }
QLabel[tone="faint"] { color: @textFaint; }
QLabel[tone="accent"] { color: @accent; }
QLabel[tone="good"] { color: @good; }
QLabel[tone="warning"] { color: @warning; }
QLabel[tone="bad"] { color: @bad; }
QLabel[pill="neutral"] { background: @tile; color: @textMuted; }
QLabel[pill="accent"] { background: @accentSoft; color: @accent; }
QLabel[pill="good"] { background: @goodSoft; color: @good; }
QLabel[pill="warning"] { background: @warningSoft; color: @warning; }
QLabel[pill="bad"] { background: @badSoft; color: @bad; }
QLabel[pill] { border-radius: 10px; padding: 0px 8px; }

QPushButton { background: @surface; color: @text; border: 1px solid @border; border-radius: @radiusControl;
  padding: 0px 16px; min-height: 34px; font-size: 14px; font-weight: 600; }
QPushButton:hover { background: @hover; border-color: @outline; }
QPushButton:pressed { background: @tile; }
QPushButton:disabled { color: @textFaint; background: @tile; border-color: @border; }
QPushButton::menu-indicator { image: none; width: 0px; }
QPushButton[small="true"] { min-height: 26px; padding: 0px 10px; font-size: 12px; }
QPushButton[field="true"] { min-height: 30px; }
QPushButton[kind="primary"] { background: @accent; color: @onAccent; border: 1px solid @accent; }
QPushButton[kind="primary"]:hover { background: @accentHover; border-color: @accentHover; }
QPushButton[kind="danger"] { background: @bad; color: @onBad; border: 1px solid @bad; }
QPushButton[kind="primary"]:disabled, QPushButton[kind="danger"]:disabled { background: @tile; color: @textFaint; border-color: @border; }
QPushButton[kind="quiet"] { background: transparent; border: 1px solid transparent; color: @accent; padding: 0px 8px; }
QPushButton[kind="quiet"]:hover { background: @accentSoft; }

QLineEdit, QDateTimeEdit, QSpinBox { background: @field; color: @text; border: 1px solid @border; border-radius: @radiusControl;
  padding: 0px 10px; min-height: 30px; selection-background-color: @accent; selection-color: @onAccent; }
QLineEdit:hover, QDateTimeEdit:hover { border-color: @outline; }
QLineEdit:focus, QDateTimeEdit:focus { border-color: @accent; }
QLineEdit:disabled { color: @textFaint; }
QDateTimeEdit::up-button, QDateTimeEdit::down-button, QSpinBox::up-button, QSpinBox::down-button { width: 0px; border: none; }

QCheckBox, QRadioButton { background: transparent; }
QCheckBox:disabled, QRadioButton:disabled { color: @textFaint; }

QTextBrowser, QPlainTextEdit { background: transparent; color: @text; border: none; selection-background-color: @accent;
  selection-color: @onAccent; }
QPlainTextEdit[frame="sunken"] { background: @field; border: 1px solid @border; border-radius: @radiusControl; padding: 4px; }

QListView { background: @surface; border: none; outline: none; }
QTableView { background: @surface; border: none; outline: none; gridline-color: transparent;
  selection-background-color: @accentSoft; selection-color: @text; }
QHeaderView { background: @surface; border: none; }
QHeaderView::section { background: @surface; color: @textMuted; border: none; border-bottom: 1px solid @border;
  padding: 0px 10px; font-size: 12px; font-weight: 600; }
QAbstractScrollArea::corner { background: transparent; }
QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget[scrollContent="true"] { background: transparent; }

QScrollBar:vertical { background: transparent; width: 12px; margin: 0px; border: none; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0px; border: none; }
QScrollBar::handle:vertical { background: @scrollbar; border-radius: 3px; min-height: 32px; margin: 3px; }
QScrollBar::handle:horizontal { background: @scrollbar; border-radius: 3px; min-width: 32px; margin: 3px; }
QScrollBar::handle:hover { background: @outline; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0px; height: 0px; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QMenu { background: @surface; border: 1px solid @border; border-radius: @radiusControl; padding: 4px; }
QMenu::item { padding: 7px 24px 7px 12px; border-radius: @radiusSmall; font-size: 13px; }
QMenu::item:selected { background: @accentSoft; color: @text; }
QMenu::item:disabled { color: @textFaint; }
QMenu::separator { height: 1px; background: @border; margin: 4px 8px; }
)";

QString pixels(int value) {
  return QStringLiteral("%1px").arg(value);
}

}  // namespace

QString buildStyleSheet(const Palette& palette) {
  const QHash<QString, QString> tokens{
      {QStringLiteral("window"), palette.window.name()},
      {QStringLiteral("chrome"), palette.chrome.name()},
      {QStringLiteral("surface"), palette.surface.name()},
      {QStringLiteral("field"), palette.field.name()},
      {QStringLiteral("tile"), palette.tile.name()},
      {QStringLiteral("hover"), palette.hover.name()},
      {QStringLiteral("border"), palette.border.name()},
      {QStringLiteral("outline"), palette.outline.name()},
      {QStringLiteral("scrollbar"), palette.scrollbar.name()},
      {QStringLiteral("text"), palette.text.name()},
      {QStringLiteral("textMuted"), palette.textMuted.name()},
      {QStringLiteral("textFaint"), palette.textFaint.name()},
      {QStringLiteral("accent"), palette.accent.name()},
      {QStringLiteral("accentHover"), palette.accentHover.name()},
      {QStringLiteral("onAccent"), palette.onAccent.name()},
      {QStringLiteral("accentSoft"), palette.accentSoft.name()},
      {QStringLiteral("good"), palette.good.name()},
      {QStringLiteral("goodSoft"), palette.goodSoft.name()},
      {QStringLiteral("warning"), palette.warning.name()},
      {QStringLiteral("warningSoft"), palette.warningSoft.name()},
      {QStringLiteral("bad"), palette.bad.name()},
      {QStringLiteral("badSoft"), palette.badSoft.name()},
      {QStringLiteral("onBad"), palette.onBad.name()},
      {QStringLiteral("radiusSmall"), pixels(radius::kSmall)},
      {QStringLiteral("radiusControl"), pixels(radius::kControl)},
      {QStringLiteral("radiusCard"), pixels(radius::kCard)},
  };
  const QString source = QString::fromLatin1(kTemplate);
  QString sheet;
  sheet.reserve(source.size() * 2);
  qsizetype position = 0;
  while (position < source.size()) {
    const qsizetype at = source.indexOf(QLatin1Char('@'), position);
    if (at < 0) {
      break;
    }
    sheet += QStringView(source).mid(position, at - position);
    qsizetype end = at + 1;
    while (end < source.size() && source.at(end).isLetter()) {
      ++end;
    }
    sheet += tokens.value(source.mid(at + 1, end - at - 1));
    position = end;
  }
  sheet += QStringView(source).mid(position);
  return sheet;
}

QString tonePropertyName(Tone tone) {
  switch (tone) {
    case Tone::Accent:
      return QStringLiteral("accent");
    case Tone::Good:
      return QStringLiteral("good");
    case Tone::Warning:
      return QStringLiteral("warning");
    case Tone::Bad:
      return QStringLiteral("bad");
    case Tone::Neutral:
      break;
  }
  return QStringLiteral("neutral");
}

}  // namespace sealift
