#include "app/demo/demo_stories.h"

#include <QAbstractButton>
#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QTimer>

namespace sealift {
namespace {

constexpr int kAnswerMs = 30'000;  // a plan, a page
constexpr int kUpdateMs = 180'000;

}  // namespace

DemoStories::DemoStories(Station& station, MainWindow& window, Theme& theme, const QString& screenshotFolder,
                         QTextStream& out)
    : station_(station), window_(window), theme_(theme), folder_(screenshotFolder), out_(out) {}

bool DemoStories::waitFor(const std::function<bool()>& condition, int timeoutMs) {
  QElapsedTimer timer;
  timer.start();
  while (!condition()) {
    if (timer.elapsed() > timeoutMs) {
      return false;
    }
    QEventLoop loop;
    QTimer::singleShot(20, &loop, &QEventLoop::quit);
    loop.exec();
  }
  return true;
}

// As a person does: only what is visible and enabled can be pressed.
bool DemoStories::press(const QString& objectName) {
  QAbstractButton* found = nullptr;
  const auto ready = [&] {
    const QList<QAbstractButton*> buttons = window_.findChildren<QAbstractButton*>(objectName);
    for (QAbstractButton* button : buttons) {
      if (button->isVisible() && button->isEnabled()) {
        found = button;
        return true;
      }
    }
    return false;
  };
  if (!waitFor(ready, kAnswerMs)) {
    return stop(QStringLiteral("The button %1 did not become ready.").arg(objectName));
  }
  found->click();
  return true;
}

bool DemoStories::stop(const QString& why) {
  out_ << "  NOT AS EXPECTED: " << why << Qt::endl;
  shoot(QStringLiteral("stopped"));
  return false;
}

void DemoStories::shoot(const QString& name) {
  waitFor([] { return false; }, 150);  // let layouts and hover states settle
  const QString path = folder_ + u'/' + name + QStringLiteral(".png");
  if (!window_.grab().save(path)) {
    out_ << "  The screenshot " << path << " could not be written." << Qt::endl;
  }
}

void DemoStories::printAudit(qint64 after) {
  out_ << "  Audit log:" << Qt::endl;
  QList<AuditRow> rows = station_.auditPage({}, 0, 200);
  std::reverse(rows.begin(), rows.end());  // oldest first
  for (const AuditRow& row : std::as_const(rows)) {
    if (row.sequence > after) {
      out_ << QStringLiteral("    %1  %2  %3  %4")
                  .arg(row.sequence, 5)
                  .arg(row.event, -20)
                  .arg(row.outcome.text, -10)
                  .arg(row.message)
           << Qt::endl;
    }
  }
}

bool DemoStories::tell(const Story& story) {
  out_ << Qt::endl << story.title << Qt::endl;
  const qint64 before = station_.auditHealth().entries;
  std::optional<DeviceView> device;
  for (const DeviceView& candidate : station_.devices()) {
    if (candidate.name == story.device) {
      device = candidate;
    }
  }
  if (!device || !device->offer) {
    return stop(QStringLiteral("%1 has no update to offer.").arg(story.device));
  }
  window_.showPage(PageId::Devices);
  window_.showDevice(device->id);
  shoot(story.shots + QStringLiteral("-1-device"));
  if (!press(QStringLiteral("deviceReview"))) {
    return false;
  }
  const qint64 jobsBefore = station_.jobs().size();
  if (story.expected == Outcome::Refused) {
    // The window offers no way to go on; the refusal stands in the list of checks and in the log.
    const auto refused = [&] {
      const auto* panel = window_.findChild<QWidget*>(QStringLiteral("reviewRefused"));
      return panel != nullptr && panel->isVisible();
    };
    if (!waitFor(refused, kAnswerMs)) {
      return stop(QStringLiteral("The plan was not refused."));
    }
    const auto* install = window_.findChild<QAbstractButton*>(QStringLiteral("reviewInstall"));
    if (install != nullptr && install->isVisible() && install->isEnabled()) {
      return stop(QStringLiteral("A refused update could be installed."));
    }
    shoot(story.shots + QStringLiteral("-2-review"));
    out_ << "  The image is refused before anything is sent." << Qt::endl;
    printAudit(before);
    return station_.jobs().size() == jobsBefore;
  }
  if (!press(QStringLiteral("reviewConsent"))) {
    return false;
  }
  shoot(story.shots + QStringLiteral("-2-review"));
  if (!press(QStringLiteral("reviewInstall"))) {
    return false;
  }
  if (!waitFor([&] { return station_.jobs().size() > jobsBefore; }, kAnswerMs)) {
    return stop(QStringLiteral("The update did not start."));
  }
  const QString jobId = station_.jobs().first().id;
  window_.showPage(PageId::Updates);
  waitFor([&] { return station_.job(jobId)->stage == Stage::Transfer && station_.job(jobId)->fraction > 0.3; },
          kAnswerMs);
  shoot(story.shots + QStringLiteral("-3-updating"));
  if (!waitFor([&] { return station_.job(jobId)->state == JobState::Finished; }, kUpdateMs)) {
    return stop(QStringLiteral("The update did not end."));
  }
  shoot(story.shots + QStringLiteral("-4-ended"));
  const JobView ended = *station_.job(jobId);
  out_ << "  " << ended.statusText << ": " << ended.detail << Qt::endl;
  printAudit(before);
  if (ended.outcome != story.expected) {
    return stop(QStringLiteral("It ended as %1.").arg(outcomeName(*ended.outcome)));
  }
  return true;
}

void DemoStories::shootEveryPage() {
  const std::pair<PageId, QString> pages[] = {
      {PageId::Devices, QStringLiteral("devices")},           {PageId::Updates, QStringLiteral("updates")},
      {PageId::Provisioning, QStringLiteral("provisioning")}, {PageId::Audit, QStringLiteral("audit")},
      {PageId::Vendors, QStringLiteral("vendors")},           {PageId::Settings, QStringLiteral("settings")},
  };
  for (const ThemeChoice theme : {ThemeChoice::Light, ThemeChoice::Dark}) {
    theme_.choose(theme);
    for (const auto& [page, name] : pages) {
      window_.showPage(page);
      shoot(QStringLiteral("page-%1-%2").arg(name, themeChoiceName(theme)));
    }
  }
  theme_.choose(ThemeChoice::Light);
}

bool DemoStories::run() {
  if (!QDir().mkpath(folder_)) {
    return stop(QStringLiteral("The folder %1 could not be made.").arg(folder_));
  }
  const Story stories[] = {
      {QStringLiteral("Hall thermostat"), Outcome::Succeeded,
       QStringLiteral("1. An update that succeeds: Hall thermostat"), QStringLiteral("story1")},
      {QStringLiteral("Badge reader 0113"), Outcome::Reverted,
       QStringLiteral("2. An update whose firmware never confirms, and reverts: Badge reader 0113"),
       QStringLiteral("story2")},
      {QStringLiteral("Cellar valve"), Outcome::Refused,
       QStringLiteral("3. An image with a bad signature, refused: Cellar valve"), QStringLiteral("story3")},
  };
  bool good = true;
  for (const Story& story : stories) {
    good = tell(story) && good;
  }
  shootEveryPage();
  const AuditHealth health = [&] {
    QFuture<Result<AuditHealth>> future = station_.verifyAudit({}, {}, CancelToken());
    waitFor([&] { return future.isFinished(); }, kAnswerMs);
    return future.isFinished() && future.result() ? *future.result() : AuditHealth();
  }();
  out_ << Qt::endl << health.text << Qt::endl;
  out_ << "Screenshots: " << QDir(folder_).absolutePath() << Qt::endl;
  return good && health.intact;
}

}  // namespace sealift
