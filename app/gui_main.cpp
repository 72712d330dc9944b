// sealift: the composition root of the window.
#include "app/base/process.h"
#include "app/demo/demo_stories.h"
#include "app/demo/demo_world.h"
#include "app/services/local_station.h"
#include "app/services/pin_access.h"
#include "devices/registry.h"
#include "keystore/secrets/pin_source.h"
#include "ui/style/theme.h"
#include "ui/views/main_window.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QInputDialog>
#include <QMessageBox>
#include <QPushButton>
#include <QThread>

#include <cstdio>

namespace {

using namespace sealift;

struct Options {
  QString dataFolder;
  QString file;
  bool demo = false;
  bool stories = false;
  bool measureStart = false;
  bool offline = false;
  QString screenshots;
};

Options parseOptions(const QApplication& app) {
  QCommandLineParser parser;
  parser.setApplicationDescription(QStringLiteral("Provisions devices and keeps their firmware current, safely."));
  parser.addHelpOption();
  parser.addVersionOption();
  const QCommandLineOption dataDir(QStringLiteral("data-dir"),
                                   QStringLiteral("Keep everything in this folder instead of the user's own."),
                                   QStringLiteral("DIR"));
  const QCommandLineOption demo(QStringLiteral("demo"),
                                QStringLiteral("Show virtual devices of a demonstration vendor; nothing is kept."));
  const QCommandLineOption stories(
      QStringLiteral("stories"), QStringLiteral("With --demo: play three updates by themselves, print them and end."));
  const QCommandLineOption screenshots(QStringLiteral("screenshots"),
                                       QStringLiteral("With --stories: where the pictures go."), QStringLiteral("DIR"));
  const QCommandLineOption offline(
      QStringLiteral("offline"),
      QStringLiteral("No network at all for this run: neither vendors' servers nor devices over UDP and TCP."));
  QCommandLineOption measure(
      QStringLiteral("measure-start"),
      QStringLiteral("Print when the window was first painted and what memory it took, and end."));
  measure.setFlags(QCommandLineOption::HiddenFromHelp);
  parser.addOptions({dataDir, offline, demo, stories, screenshots, measure});
  parser.addPositionalArgument(QStringLiteral("FILE"),
                               QStringLiteral("A vendor file to add, or an offline bundle to import."),
                               QStringLiteral("[FILE]"));
  parser.process(app);
  Options options;
  options.dataFolder = parser.value(dataDir);
  options.file = parser.positionalArguments().value(0);
  options.stories = parser.isSet(stories);
  options.demo = parser.isSet(demo) || options.stories;
  options.screenshots = parser.value(screenshots);
  options.offline = parser.isSet(offline);
  options.measureStart = parser.isSet(measure);
  if (options.screenshots.isEmpty()) {
    options.screenshots = QStringLiteral("sealift-demo-screenshots");
  }
  return options;
}

int sayFatal(const Error& error, bool attended) {
  std::fprintf(stderr, "sealift: %s\n  %s\n", qPrintable(error.message()), qPrintable(error.remedy));
  if (attended) {
    QMessageBox box(QMessageBox::Critical, QStringLiteral("Sealift"), error.message(), QMessageBox::Close);
    box.setInformativeText(error.remedy);
    box.exec();
  }
  return 1;
}

// Asked from whichever thread needs the key; the dialog is the window's.
std::optional<QByteArray> askForPin(const QString& prompt) {
  if (QThread::currentThread() != qApp->thread()) {
    std::optional<QByteArray> typed;
    QMetaObject::invokeMethod(
        qApp, [&] { typed = askForPin(prompt); }, Qt::BlockingQueuedConnection);
    return typed;
  }
  bool agreed = false;
  QString text = QInputDialog::getText(QApplication::activeWindow(), QStringLiteral("Sealift"), prompt,
                                       QLineEdit::Password, {}, &agreed);
  std::optional<QByteArray> typed = agreed ? std::optional(text.toUtf8()) : std::nullopt;
  text.fill(QChar(u'\0'));
  return typed;
}

// A damaged database was set aside; whether to begin a new one is a person's decision.
bool agreesToFreshStart(const Error& error) {
  QMessageBox box(QMessageBox::Warning, QStringLiteral("Sealift"), error.message());
  box.setInformativeText(error.remedy);
  const QPushButton* fresh = box.addButton(QObject::tr("Start with an empty log"), QMessageBox::DestructiveRole);
  box.addButton(QMessageBox::Close);
  box.exec();
  return box.clickedButton() == fresh;
}

// Prints the moment of the first paint, in milliseconds since the program's entry.
class FirstPaint final : public QObject {
 public:
  explicit FirstPaint(const QElapsedTimer& since) : since_(since) {}

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override {
    if (event->type() == QEvent::Paint && !done_) {
      done_ = true;
      QMetaObject::invokeMethod(  // after the paint itself
          qApp,
          [this] {
            std::printf("first-paint-ms %lld\n", static_cast<long long>(since_.elapsed()));
            std::fflush(stdout);
          },
          Qt::QueuedConnection);
    }
    return QObject::eventFilter(watched, event);
  }

 private:
  const QElapsedTimer& since_;
  bool done_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  QElapsedTimer sinceEntry;
  sinceEntry.start();
  hardenProcess();
  QApplication app(argc, argv);
  QApplication::setApplicationName(QStringLiteral("sealift"));
  QApplication::setApplicationDisplayName(QStringLiteral("Sealift"));
  QApplication::setApplicationVersion(QStringLiteral(SEALIFT_VERSION));
  QApplication::setDesktopFileName(QStringLiteral("org.sealift.Sealift"));
  const Options options = parseOptions(app);

  const bool attended = !options.stories && !options.measureStart;

  const SystemClock clock;
  SystemLinkOpener links;
  std::unique_ptr<DemoWorld> world;
  if (options.demo) {
    Result<std::unique_ptr<DemoWorld>> made = DemoWorld::make(clock);
    if (!made) {
      return sayFatal(made.error(), attended);
    }
    world = std::move(*made);
  }
  StationSetup setup;
  setup.dataFolder = !options.dataFolder.isEmpty() ? options.dataFolder
                     : world                       ? world->dataFolder()
                                                   : defaultDataFolder();
  setup.clock = &clock;
  setup.links = &links;
  setup.drivers = &driverRegistry();
  setup.language = QLocale().name().section(u'_', 0, 0);
  setup.demo = options.demo;
  if (attended) {
    setup.pins = makePinSource({qEnvironmentVariable("SEALIFT_PIN_FILE"), {}, askForPin});
  }
  setup.offline = options.offline;
  Result<std::unique_ptr<LocalStation>> station = LocalStation::open(setup);
  if (!station && station.error().code == ErrorCode::StoreDamaged && agreesToFreshStart(station.error())) {
    setup.startFreshAfterDamage = true;
    station = LocalStation::open(setup);
  }
  if (!station) {
    return sayFatal(station.error(), attended);
  }

  Theme theme(app);
  if (options.stories) {
    theme.choose(ThemeChoice::Light);
  }
  MainWindow window(**station, theme, clock);
  FirstPaint firstPaint(sinceEntry);
  if (options.measureStart) {
    window.installEventFilter(&firstPaint);
  }
  if (options.stories) {
    window.resize(1280, 800);
  }
  window.show();

  if (world) {
    if (Status introduced = world->introduceTo(**station); !introduced) {
      return sayFatal(introduced.error(), attended);
    }
  } else {
    (*station)->watchDevices();
    (void)(*station)->lookAtDevices();
  }
  if (!options.file.isEmpty()) {
    window.openFile(options.file);
  }
  if (options.measureStart) {
    QCoreApplication::processEvents();
    std::printf("ready-ms %lld\npeak-kib %ld\n", static_cast<long long>(sinceEntry.elapsed()), peakMemoryKib());
    return 0;
  }
  // The status line says whether the log is intact as soon as that is known.
  (void)(*station)->verifyAudit({}, {}, CancelToken());
  if (options.stories) {
    QTextStream out(stdout);
    DemoStories stories(**station, window, theme, options.screenshots, out);
    return stories.run() ? 0 : 1;
  }
  return QApplication::exec();
}
