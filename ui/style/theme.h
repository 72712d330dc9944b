// The look of the whole program: light or dark, following the system or forced.
// One Theme lives beside the QApplication, in the GUI thread, and outlives every window.
#pragma once

#include "ui/style/tokens.h"

#include <QObject>
#include <QPalette>

class QApplication;

namespace sealift {

enum class ThemeChoice { System, Light, Dark };

QString themeChoiceName(ThemeChoice choice);  // stable: "system", "light", "dark"
ThemeChoice themeChoiceFromName(const QString& name);

class Theme final : public QObject {
  Q_OBJECT

 public:
  // Sets the application's style, font, palette and style sheet.
  explicit Theme(QApplication& application);
  ~Theme() override;

  void choose(ThemeChoice choice);
  ThemeChoice choice() const { return choice_; }
  bool isDark() const { return dark_; }

  // The colours in force now; the light ones while no Theme exists.
  static const Palette& colors();
  // The Theme in force; null while none exists.
  static Theme* current();

 Q_SIGNALS:
  void changed();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  bool isSystemDark() const;
  void apply();

  QApplication& application_;
  ThemeChoice choice_ = ThemeChoice::System;
  bool dark_ = false;
  bool applying_ = false;
};

}  // namespace sealift
