// Interrupts a whole update of a virtual device at every moment there is: power at each flash operation, the cable at
// each link operation (before it reaches the device, and after), Sealift by SIGKILL at each of these and at each write
// of its store, and Sealift and the device both. Then Sealift is started again, as often as it takes. Each case must
// end as app/update/RECOVERY.md says, with firmware that starts and a log that lost nothing it had acknowledged.
//
// A test derives from InterruptTest and names its subjects. SEALIFT_SOAK in the environment: all cases; otherwise as
// many of each kind as `share` says, evenly over the update and always the same ones. Linux.
#pragma once

#include "tests/interrupt/job_cases.h"

#include <QObject>

namespace sealift::test {

struct InterruptSubject {
  QString name;  // with the kind of image that is sent
  std::function<std::unique_ptr<ContractUnit>()> make;
  int share = 100;      // cases of each kind
  QString spares = {};  // the name of one before it: fewer flash operations are needed than there
};

class InterruptTest : public QObject {
  Q_OBJECT

 public:
  explicit InterruptTest(const QList<InterruptSubject>& subjects);

 private Q_SLOTS:
  void initTestCase();
  void init();
  void interrupted_data();
  void interrupted();
  void cleanupTestCase();

 private:
  enum class Kind {
    PowerAtFlash,
    CableBefore,
    CableAfter,
    KilledBefore,
    KilledAfter,
    KilledAtWrite,
    KilledAndPower,  // and the device restarts before it is seen again
    CableAndPower,
    DiskFull,  // from a write of the store on, until the program is started again
    DiskWriteErrors,
    DiskSyncErrors,
  };
  // How many moments a whole update has.
  struct Length {
    int flash = 0;
    int links = 0;
    int writes = 0;
  };

  QString measure(const InterruptSubject& subject, Length& length);
  QString interrupt(const InterruptSubject& subject, Kind kind, int at);
  QString settleUntilSure(ContractUnit& unit, InterruptedJob& job, ProcessEnd end);
  static int momentsOf(Kind kind, const Length& length);
  static ProcessMishap mishapOf(Kind kind, int at);

  QList<InterruptSubject> subjects_;
  JobCases cases_;
  QHash<QString, Length> lengths_;
  int count_ = 0;
  QMap<QString, int> outcomes_;
};

}  // namespace sealift::test
