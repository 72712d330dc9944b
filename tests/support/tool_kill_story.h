// sealiftctl killed (SIGKILL) at seeded moments of its update of a real device, then told to go on. The device ends on
// the new firmware, or nothing of it was touched; the log is whole and has all that the tool had told of. Unix.
#pragma once

#include "app/base/file_io.h"
#include "app/catalog/documents.h"
#include "devices/images/version.h"
#include "tests/support/soak.h"
#include "tests/support/tool_run.h"

#include <QDir>
#include <QJsonArray>
#include <QMap>
#include <QTemporaryDir>
#include <QThread>

#include <chrono>
#include <csignal>
#include <optional>
#include <random>

namespace sealift::test {

// One device, again and again as it was delivered. Its address stays.
struct ToolKillDevice {
  ModelDescription model;
  QString imageFile;  // the new firmware
  Version from;
  Version to;
  std::function<QString()> address;
  std::function<bool()> deliver;  // runs `from` afterwards, and has never been updated
  std::function<std::optional<Version>()> firmware = [] { return std::nullopt; };  // that it runs, by its own memory
  std::function<bool()> isUntouched;  // its spare slot is as it was delivered; asked when a case is over
  std::function<void()> powerCycle;   // what somebody does when it does not answer
};

class ToolKillStory {
 public:
  ToolKillStory(const QString& tool, ToolKillDevice device) : tool_(tool), device_(std::move(device)) {}

  // Empty, or the first thing that went otherwise than app/update/RECOVERY.md says.
  QString run(int cases) {
    if (QString problem = prepare(); !problem.isEmpty()) {
      return problem;
    }
    if (QString problem = killAfter(std::nullopt); !problem.isEmpty()) {
      return QStringLiteral("an update that nobody disturbs: ") + problem;
    }
    for (int i = 0; i < cases; ++i) {
      // Evenly over the update, each somewhere in its part.
      const double at = (i + std::uniform_real_distribution<double>(0, 1)(random_)) / cases;
      const std::chrono::milliseconds after(static_cast<qint64>(static_cast<double>(whole_.count()) * at));
      if (const QString problem = killAfter(after); !problem.isEmpty()) {
        return QStringLiteral("killed after %1 of %2 ms: %3").arg(after.count()).arg(whole_.count()).arg(problem);
      }
    }
    return {};
  }
  // How the cases ended, and how many.
  const QMap<QString, int>& ends() const { return ends_; }

 private:
  static constexpr quint32 kSeed = 20'261'122;
  static constexpr int kSights = 4;
  static constexpr int kToolMs = 600'000;
  static constexpr int kRefused = 3;

  static QStringList words(const char* text) { return QString::fromLatin1(text).split(u' '); }
  QString path(const QString& name) const { return work_.filePath(name); }
  StationTool station(const QString& name) const { return {tool_, path(name)}; }

  // A vendor with one release, and a station that trusts it and knows the device.
  QString prepare() {
    const QString modelFile = path(QStringLiteral("model.json"));
    device_.model.vendorId.clear();  // the repository says whose it is
    if (!work_.isValid() || !device_.deliver() || !writeFileAtomic(modelFile, writeModel(device_.model))) {
      return QStringLiteral("the device could not be made");
    }
    const QString repo = path(QStringLiteral("repo"));
    const StationTool base = station(QStringLiteral("base"));
    const QStringList at{QStringLiteral("--repo"), repo};
    const QString vendorFile = repo + QStringLiteral("/norrland.sealift-vendor");
    const bool published =
        base.succeeds(words("repo init --id norrland --name Norrland") + at) &&
        base.succeeds(words("repo add-model") + QStringList{modelFile} + at) &&
        base.succeeds(words("repo add-release") +
                      QStringList{device_.imageFile, QStringLiteral("--model"), device_.model.id} + at) &&
        base.succeeds(words("repo publish") + at);
    const ToolRun asked = base.run(words("vendor add") + QStringList{vendorFile});  // nobody compared the fingerprint
    if (!published || asked.exitCode != kRefused) {
      return QStringLiteral("there is no repository");
    }
    const QString fingerprint = QString::fromLatin1(asked.err.mid(asked.err.indexOf("--accept ") + 9, 64));
    if (!base.succeeds(words("vendor add") + QStringList{vendorFile, QStringLiteral("--accept"), fingerprint}) ||
        !base.succeeds(words("device add") + QStringList{device_.address()}) || !copyBase(QStringLiteral("planned"))) {
      return QStringLiteral("the station does not know the device");
    }
    // In a copy: planning fetches the image, and the cases shall, too.
    const ToolRun plan =
        station(QStringLiteral("planned")).run(words("--json update plan") + QStringList{device_.address()});
    plan_ = plan.json()[QStringLiteral("plan")].toString();
    return plan_.size() == 64 ? QString() : QString::fromUtf8(plan.all());
  }

  bool copyBase(const QString& name) const {
    return QProcess::execute(QStringLiteral("cp"), {QStringLiteral("-a"), path(QStringLiteral("base")), path(name)}) ==
           0;
  }

  // Nothing: to measure how long it takes.
  QString killAfter(std::optional<std::chrono::milliseconds> after) {
    const QString name = QStringLiteral("case-%1").arg(++count_);
    if (!device_.deliver() || !copyBase(name)) {
      return QStringLiteral("the device could not be delivered again");
    }
    const StationTool tool = station(name);
    const QByteArray told = runUpdate(name, after);
    const QString head = path(name + QStringLiteral(".head"));
    if (!tool.succeeds(words("audit head") + QStringList{head})) {
      return QStringLiteral("the log can't be read after the tool was killed");
    }
    if (QString problem = missingFrom(tool, told, !after.has_value()); !problem.isEmpty()) {
      return problem;
    }
    QByteArray history = told;
    int outcome = -1;
    for (int sight = 0; sight < kSights && outcome != 0; ++sight) {
      if (sight == kSights / 2) {
        device_.powerCycle();
      }
      const ToolRun resumed = tool.run(words("--json update resume"));
      outcome = resumed.exitCode;
      history += resumed.all();
    }
    if (outcome != 0) {
      return QStringLiteral("it is not settled: ") + QString::fromUtf8(history);
    }
    if (QString problem = contradiction(tool, !after.has_value()); !problem.isEmpty()) {
      return problem + QStringLiteral(": ") + QString::fromUtf8(history);
    }
    const ToolRun verified = tool.run(words("audit verify --against") + QStringList{head});
    if (verified.exitCode != 0) {
      return QStringLiteral("the log is not what it was: ") + QString::fromUtf8(verified.all());
    }
    const ToolRun again = tool.run(words("update resume"));
    if (!again.out.contains("No job was interrupted")) {
      return QStringLiteral("it is still to be settled: ") + QString::fromUtf8(again.all());
    }
    (void)QDir(path(name)).removeRecursively();
    return {};
  }

  // What the tool has said until it ended, or was ended.
  QByteArray runUpdate(const QString& name, std::optional<std::chrono::milliseconds> after) {
    QProcess tool;
    tool.setStandardInputFile(QProcess::nullDevice());
    QElapsedTimer timer;
    timer.start();
    tool.start(tool_, QStringList{QStringLiteral("--data-dir"), path(name)} + words("--json update apply") +
                          QStringList{device_.address(), QStringLiteral("--accept"), plan_});
    if (after) {
      if (!tool.waitForFinished(static_cast<int>(after->count()) + 1)) {
        (void)::kill(static_cast<pid_t>(tool.processId()), SIGKILL);
      }
    }
    (void)tool.waitForFinished(kToolMs);
    if (!after) {
      whole_ = std::chrono::milliseconds(timer.elapsed());
    }
    return tool.readAllStandardError();
  }

  // A stage that a person has been told of stands in the log. `isWhole`: some have been.
  static QString missingFrom(const StationTool& tool, const QByteArray& told, bool isWhole) {
    static constexpr std::pair<const char*, const char*> kStages[] = {{"Transferring", "transfer"},
                                                                      {"Checking what the device holds", "verify"},
                                                                      {"Marking for one trial start", "activate"},
                                                                      {"Restarting", "restart"},
                                                                      {"Confirming", "confirm"}};
    QStringList logged;
    const ToolRun listed = tool.run(words("--json audit list --limit 1000"));
    const QJsonArray entries = listed.json()[QStringLiteral("entries")].toArray();
    for (const QJsonValue& entry : entries) {
      if (entry[QStringLiteral("event")] == QLatin1String("update.stage")) {
        logged << entry[QStringLiteral("message")].toString();
      }
    }
    int known = 0;
    for (const auto& [phase, stage] : kStages) {
      const QString wanted = QStringLiteral("Stage %1 began.").arg(QLatin1String(stage));
      known += told.contains(phase) ? 1 : 0;
      if (told.contains(phase) && !logged.contains(wanted)) {
        return QStringLiteral("the log lost: ") + wanted;
      }
    }
    return isWhole && known == 0 ? QStringLiteral("the tool tells of no stage: ") + QString::fromUtf8(told) : QString();
  }

  // Empty, or how the device is not what the station says of its job.
  QString contradiction(const StationTool& tool, bool mustSucceed) {
    const QJsonArray jobs = tool.run(words("--json update list")).json()[QStringLiteral("jobs")].toArray();
    const QJsonObject job = jobs.isEmpty() ? QJsonObject() : jobs.first().toObject();
    const bool hasBegun = job[QStringLiteral("state")] == QLatin1String("finished");
    const QString outcome = hasBegun ? job[QStringLiteral("outcome")].toString() : QStringLiteral("not begun");
    const std::optional<Version> now = device_.firmware();
    if (!mustSucceed) {
      ++ends_[outcome];
    }
    const bool isRight = outcome == QLatin1String("succeeded")
                             ? now == device_.to
                             : !mustSucceed && !hasBegun && now == device_.from && device_.isUntouched();
    return isRight ? QString()
                   : QStringLiteral("%1 (%2), and the device runs %3")
                         .arg(outcome, job[QStringLiteral("message")].toString(),
                              now ? now->toString() : QStringLiteral("nothing"));
  }

  const QString tool_;
  ToolKillDevice device_;
  QTemporaryDir work_;
  QString plan_;  // its digest
  std::mt19937 random_{kSeed};
  std::chrono::milliseconds whole_{0};  // an update takes
  int count_ = 0;
  QMap<QString, int> ends_;
};

// For ./dev to print, with the number of cases.
inline QString wordsOf(const QMap<QString, int>& ends) {
  QStringList told;
  for (auto it = ends.cbegin(); it != ends.cend(); ++it) {
    told << QStringLiteral("%1 %2").arg(it.value()).arg(it.key());
  }
  return told.join(QStringLiteral(", "));
}

}  // namespace sealift::test
