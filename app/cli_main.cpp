// sealiftctl: the composition root of the command line tool.
#include "app/base/process.h"
#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/secret_input.h"
#include "app/services/local_station.h"
#include "app/services/pin_access.h"
#include "devices/registry.h"
#include "keystore/secrets/pin_source.h"

#include <QCoreApplication>
#include <QLocale>

#include <cstdio>

int main(int argc, char** argv) {
  sealift::hardenProcess();
  QCoreApplication app(argc, argv);
  QCoreApplication::setApplicationName(QStringLiteral("sealiftctl"));
  QCoreApplication::setApplicationVersion(QStringLiteral(SEALIFT_VERSION));

  QTextStream in(stdin);
  QTextStream out(stdout);
  QTextStream err(stderr);
  sealift::Terminal terminal(in, out, err, sealift::isTerminal(stdin) && sealift::isTerminal(stdout),
                             sealift::isTerminal(stderr));
  const sealift::SystemClock clock;
  sealift::SystemLinkOpener links;
  std::unique_ptr<sealift::LocalStation> station;
  const auto open = [&](const sealift::StationOptions& options) -> sealift::Result<sealift::Station*> {
    if (!station) {
      sealift::StationSetup setup;
      setup.dataFolder = options.dataFolder.isEmpty() ? sealift::defaultDataFolder() : options.dataFolder;
      setup.offline = options.offline;
      setup.clock = &clock;
      setup.links = &links;
      setup.drivers = &sealift::driverRegistry();
      setup.language = QLocale().name().section(u'_', 0, 0);
      sealift::PinAccess pins{qEnvironmentVariable("SEALIFT_PIN_FILE"), {}, {}};
      if (terminal.interactive()) {
        pins.ask = sealift::readSecret;
      }
      setup.pins = sealift::makePinSource(pins);
      setup.settleByItself = false;  // a command does what it was asked and no more
      setup.worksQueue = false;
      SEALIFT_TRY(station, sealift::LocalStation::open(setup));
    }
    return station.get();
  };
  const sealift::CancelToken cancel;
  const sealift::Interrupt interrupt([&] {
    if (!cancel.isCancelled()) {
      terminal.note(QStringLiteral("Stopping safely …"));
    }
    cancel.cancel();
    if (station) {
      station->stop();
    }
  });
  return sealift::runCommandLine(QCoreApplication::arguments().mid(1), terminal, cancel, open);
}
