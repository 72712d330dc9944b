// Runs sealiftctl as people do: as a program of its own.
#pragma once

#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QStringList>

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

}  // namespace sealift
