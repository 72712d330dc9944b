// What the window itself remembers, in window.ini of the station's data folder.
#pragma once

#include "ui/style/theme.h"

#include <QByteArray>
#include <QString>

namespace sealift {

class WindowPreferences {
 public:
  // An empty folder: nothing is read or kept.
  explicit WindowPreferences(const QString& dataFolder);

  ThemeChoice theme() const;
  void setTheme(ThemeChoice choice) const;
  QByteArray geometry() const;
  void setGeometry(const QByteArray& geometry) const;

 private:
  QString path_;
};

}  // namespace sealift
