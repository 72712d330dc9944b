#include "ui/style/theme.h"

#include "ui/style/sealift_style.h"
#include "ui/style/style_sheet.h"
#include "ui/style/typography.h"

#include <QApplication>
#include <QEvent>
#include <QToolTip>

namespace sealift {

namespace {

Theme* currentTheme = nullptr;

QPalette toQtPalette(const Palette& colors) {
  QPalette palette;
  palette.setColor(QPalette::Window, colors.window);
  palette.setColor(QPalette::WindowText, colors.text);
  palette.setColor(QPalette::Base, colors.surface);
  palette.setColor(QPalette::AlternateBase, colors.window);
  palette.setColor(QPalette::Text, colors.text);
  palette.setColor(QPalette::PlaceholderText, colors.textFaint);
  palette.setColor(QPalette::Button, colors.surface);
  palette.setColor(QPalette::ButtonText, colors.text);
  palette.setColor(QPalette::BrightText, colors.bad);
  palette.setColor(QPalette::ToolTipBase, colors.surface);
  palette.setColor(QPalette::ToolTipText, colors.text);
  palette.setColor(QPalette::Link, colors.accent);
  palette.setColor(QPalette::LinkVisited, colors.accent);
  palette.setColor(QPalette::Highlight, colors.accent);
  palette.setColor(QPalette::HighlightedText, colors.onAccent);
  palette.setColor(QPalette::Light, colors.surface);
  palette.setColor(QPalette::Midlight, colors.hover);
  palette.setColor(QPalette::Mid, colors.border);
  palette.setColor(QPalette::Dark, colors.outline);
  palette.setColor(QPalette::Shadow, colors.border);
  for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
    palette.setColor(QPalette::Disabled, role, colors.textFaint);
  }
  return palette;
}

}  // namespace

QString themeChoiceName(ThemeChoice choice) {
  switch (choice) {
    case ThemeChoice::Light:
      return QStringLiteral("light");
    case ThemeChoice::Dark:
      return QStringLiteral("dark");
    case ThemeChoice::System:
      break;
  }
  return QStringLiteral("system");
}

ThemeChoice themeChoiceFromName(const QString& name) {
  for (const ThemeChoice choice : {ThemeChoice::Light, ThemeChoice::Dark}) {
    if (name == themeChoiceName(choice)) {
      return choice;
    }
  }
  return ThemeChoice::System;
}

Theme::Theme(QApplication& application) : application_(application) {
  currentTheme = this;
  dark_ = isSystemDark();
  QApplication::setStyle(new SealiftStyle);
  QApplication::setFont(textFont(TextStyle::Body));
  QToolTip::setFont(textFont(TextStyle::Small));
  application_.installEventFilter(this);
  apply();
}

Theme::~Theme() {
  application_.removeEventFilter(this);
  currentTheme = nullptr;
}

void Theme::choose(ThemeChoice choice) {
  choice_ = choice;
  apply();
}

const Palette& Theme::colors() {
  return currentTheme != nullptr && currentTheme->dark_ ? darkPalette() : lightPalette();
}

Theme* Theme::current() {
  return currentTheme;
}

// Qt 6.4 has no colour-scheme property: a desktop whose windows are darker than their text is dark.
bool Theme::isSystemDark() const {
  const QPalette system = QApplication::palette();
  return system.color(QPalette::Window).lightness() < system.color(QPalette::WindowText).lightness();
}

void Theme::apply() {
  applying_ = true;
  // An empty palette uncovers the system's own, which may have changed.
  QApplication::setPalette(QPalette());
  dark_ = choice_ == ThemeChoice::Dark || (choice_ == ThemeChoice::System && isSystemDark());
  QApplication::setPalette(toQtPalette(colors()));
  application_.setStyleSheet(buildStyleSheet(colors()));
  applying_ = false;
  Q_EMIT changed();
}

bool Theme::eventFilter(QObject* watched, QEvent* event) {
  // The platform sends this to each window when the desktop's colours change.
  if (event->type() == QEvent::ThemeChange && !applying_ && choice_ == ThemeChoice::System) {
    apply();
  }
  return QObject::eventFilter(watched, event);
}

}  // namespace sealift
