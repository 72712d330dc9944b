#include "ui/views/window_preferences.h"

#include <QDir>
#include <QSettings>

namespace sealift {

namespace {
const QString kTheme = QStringLiteral("window/theme");
const QString kGeometry = QStringLiteral("window/geometry");
}  // namespace

WindowPreferences::WindowPreferences(const QString& dataFolder)
    : path_(dataFolder.isEmpty() ? QString() : QDir(dataFolder).filePath(QStringLiteral("window.ini"))) {}

ThemeChoice WindowPreferences::theme() const {
  return path_.isEmpty() ? ThemeChoice::System
                         : themeChoiceFromName(QSettings(path_, QSettings::IniFormat).value(kTheme).toString());
}

void WindowPreferences::setTheme(ThemeChoice choice) const {
  if (!path_.isEmpty()) {
    QSettings(path_, QSettings::IniFormat).setValue(kTheme, themeChoiceName(choice));
  }
}

QByteArray WindowPreferences::geometry() const {
  return path_.isEmpty() ? QByteArray() : QSettings(path_, QSettings::IniFormat).value(kGeometry).toByteArray();
}

void WindowPreferences::setGeometry(const QByteArray& geometry) const {
  if (!path_.isEmpty()) {
    QSettings(path_, QSettings::IniFormat).setValue(kGeometry, geometry);
  }
}

}  // namespace sealift
