// How long it takes from starting `sealift --demo` to its first painted window, and the memory it takes.
// Prints the median of several starts. Under Xvfb when there is no display.
#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QProcess>
#include <QStandardPaths>

#include <algorithm>
#include <cstdio>

namespace {

constexpr int kStarts = 7;

double median(QList<double> values) {
  std::sort(values.begin(), values.end());
  return values.isEmpty() ? 0.0 : values[values.size() / 2];
}

double valueAfter(const QByteArray& output, const QByteArray& word) {
  const qsizetype at = output.indexOf(word + ' ');
  return at < 0 ? -1.0 : output.mid(at + word.size() + 1, 20).split('\n').first().toDouble();
}

}  // namespace

int main(int argc, char** argv) {
  const QCoreApplication app(argc, argv);
  const QString sealift = QCoreApplication::applicationDirPath() + QStringLiteral("/sealift");
  if (!QFileInfo::exists(sealift)) {
    std::printf("SKIP: the window was not built\n");
    return 77;
  }
  const bool display = qEnvironmentVariableIsSet("DISPLAY") || qEnvironmentVariableIsSet("WAYLAND_DISPLAY");
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
  if (!display) {
    environment.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
  }
  QList<double> walls;
  QList<double> paints;
  QList<double> peaks;
  for (int i = 0; i < kStarts; ++i) {
    QProcess process;
    process.setProcessEnvironment(environment);
    QElapsedTimer timer;
    timer.start();
    process.start(sealift, {QStringLiteral("--demo"), QStringLiteral("--measure-start")});
    QByteArray output;
    double wall = -1.0;
    while (process.waitForReadyRead(60'000)) {
      output += process.readAllStandardOutput();
      if (wall < 0.0 && output.contains("first-paint-ms")) {
        wall = static_cast<double>(timer.nsecsElapsed()) / 1e6;
      }
    }
    process.waitForFinished(60'000);
    if (process.exitCode() != 0 || wall < 0.0) {
      std::printf("the program did not say when it painted: %s\n", output.constData());
      return 1;
    }
    walls << wall;
    paints << valueAfter(output, "first-paint-ms");
    peaks << valueAfter(output, "peak-kib");
  }
  std::printf(
      "start of sealift --demo, %s, median of %d: first painted window after %.0f ms (%.0f ms from main()), peak "
      "memory %.1f MiB\n",
      display ? "on the display" : "offscreen", kStarts, median(walls), median(paints), median(peaks) / 1024.0);
  return 0;
}
