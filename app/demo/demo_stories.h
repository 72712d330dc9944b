// Drives the real window through three stories, by the same buttons that a person presses: an update
// that succeeds, one that reverts, one that is refused. Prints what happened, leaves screenshots.
#pragma once

#include "app/services/station.h"
#include "ui/style/theme.h"
#include "ui/views/main_window.h"

#include <QString>
#include <QTextStream>

namespace sealift {

class DemoStories {
 public:
  // All outlive the stories. `screenshotFolder` is made when it is missing.
  DemoStories(Station& station, MainWindow& window, Theme& theme, const QString& screenshotFolder, QTextStream& out);

  // True when every story ended as it must. Runs the event loop meanwhile.
  bool run();

 private:
  struct Story {
    QString device;
    Outcome expected;
    QString title;
    QString shots;  // prefix of the file names
  };
  bool tell(const Story& story);
  bool press(const QString& objectName);
  bool waitFor(const std::function<bool()>& condition, int timeoutMs);
  void shoot(const QString& name);
  void shootEveryPage();
  void printAudit(qint64 after);
  bool stop(const QString& why);

  Station& station_;
  MainWindow& window_;
  Theme& theme_;
  QString folder_;
  QTextStream& out_;
};

}  // namespace sealift
