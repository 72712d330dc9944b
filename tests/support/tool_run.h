// Runs sealiftctl as people do: as a program of its own.
#pragma once

#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QStandardPaths>
#include <QStringList>

#include <cstdlib>
#include <functional>

namespace sealift {

struct ToolRun {
  int exitCode = -1;
  QByteArray out;
  QByteArray err;

  QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
  QByteArray all() const { return "exit " + QByteArray::number(exitCode) + "\n" + out + err; }
};

// `watch` is called again and again while the tool runs, with what it has said on its error stream so far.
inline ToolRun runTool(const QString& program, const QStringList& arguments, int timeoutMs = 300'000,
                       const std::function<void(const QByteArray& err)>& watch = {}) {
  QProcess process;
  process.setStandardInputFile(QProcess::nullDevice());
  process.start(program, arguments);
  ToolRun run;
  QElapsedTimer timer;
  timer.start();
  while (process.state() != QProcess::NotRunning && timer.elapsed() < timeoutMs) {
    process.waitForFinished(20);
    run.out += process.readAllStandardOutput();
    run.err += process.readAllStandardError();
    if (watch) {
      watch(run.err);
    }
  }
  if (process.state() != QProcess::NotRunning) {
    process.kill();
    process.waitForFinished(5'000);
    run.err += "the tool did not end in time";
    return run;
  }
  run.out += process.readAllStandardOutput();
  run.err += process.readAllStandardError();
  run.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
  return run;
}

// sealiftctl with a data folder of its own.
class StationTool {
 public:
  StationTool(const QString& program, const QString& dataFolder) : program_(program), dataFolder_(dataFolder) {}

  ToolRun run(const QStringList& arguments, const std::function<void(const QByteArray& err)>& watch = {}) const {
    return runTool(program_, QStringList{QStringLiteral("--data-dir"), dataFolder_} + arguments, 300'000, watch);
  }
  // Ended with success; says what it said otherwise.
  bool succeeds(const QStringList& arguments) const {
    const ToolRun ran = run(arguments);
    if (ran.exitCode != 0) {
      qWarning("%s", ran.all().constData());
    }
    return ran.exitCode == 0;
  }

 private:
  QString program_;
  QString dataFolder_;
};

// For a test of which it is a part: without the program it ends as skipped, with the reason.
inline void requireProgram(const char* program, const char* package) {
  if (QStandardPaths::findExecutable(QLatin1String(program)).isEmpty()) {
    qWarning("%s is missing (Debian package %s).", program, package);
    std::exit(77);
  }
}

}  // namespace sealift
