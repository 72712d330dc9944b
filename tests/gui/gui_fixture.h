// A window on a FakeStation at a fixed moment.
#pragma once

#include "app/base/clock.h"
#include "tests/gui/fake_station.h"
#include "ui/style/theme.h"
#include "ui/views/main_window.h"

#include <QApplication>
#include <QLocale>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

namespace sealift {

class GuiFixture {
 public:
  explicit GuiFixture(bool filled = true) : clock(pictureTime()) {
    // What is compared must not depend on the machine's language.
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    if (filled) {
      station.fillLikePictures();
    }
    station.stationInfo.dataFolder = folder.path();
  }

  // Shown and active, so that focus and keys work.
  MainWindow& open(QSize size = QSize(1280, 800)) {
    theme = std::make_unique<Theme>(*qApp);
    window = std::make_unique<MainWindow>(station, *theme, clock);
    window->resize(size);
    window->show();
    window->activateWindow();
    if (!QTest::qWaitForWindowExposed(window.get())) {
      qWarning("the window was not exposed");
    }
    return *window;
  }

  // By object name, among what is visible first; fails the test when missing.
  template <class T>
  T* find(const QString& name) const {
    T* hidden = nullptr;
    const auto widgets = QApplication::allWidgets();
    for (QWidget* widget : widgets) {
      if (widget->objectName() == name) {
        if (auto* found = qobject_cast<T*>(widget)) {
          if (found->isVisible()) {
            return found;
          }
          hidden = found;
        }
      }
    }
    return hidden;
  }

  bool click(const QString& name) const {
    auto* widget = find<QWidget>(name);
    if (widget == nullptr || !widget->isVisible() || !widget->isEnabled()) {
      return false;
    }
    QTest::mouseClick(widget, Qt::LeftButton);
    return true;
  }

  QTemporaryDir folder;
  // As soon as it can be clicked. (QTRY_VERIFY evaluates its expression twice, so it must not click.)
  bool clickSoon(const QString& name) const {
    return QTest::qWaitFor([&] {
             const auto* widget = find<QWidget>(name);
             return widget != nullptr && widget->isVisible() && widget->isEnabled();
           }) &&
           click(name);
  }

  ManualClock clock;
  FakeStation station;
  std::unique_ptr<Theme> theme;
  std::unique_ptr<MainWindow> window;
};

}  // namespace sealift
