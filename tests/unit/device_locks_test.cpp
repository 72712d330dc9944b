// One device, one worker: between holders in one process, between processes, and after one was killed.
#include "app/services/address_gate.h"

#include <QCoreApplication>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <array>
#include <csignal>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace sealift;
using Use = DeviceLocks::Use;

namespace {

LinkAddress at(const QString& text) {
  return LinkAddress::parse(text).value_or(LinkAddress());
}

// A process that holds a device until it is killed.
class OtherProcess {
 public:
  // Returns once `hold` has said in the process of its own whether it holds it.
  explicit OtherProcess(const std::function<bool()>& hold) {
    std::array<int, 2> told{};
    if (::pipe(told.data()) != 0) {
      return;
    }
    pid_ = ::fork();
    if (pid_ == 0) {
      const char answer = hold() ? 'y' : 'n';
      (void)!::write(told[1], &answer, 1);
      for (;;) {
        ::pause();
      }
    }
    char answer = 'n';
    holds_ = ::read(told[0], &answer, 1) == 1 && answer == 'y';
    ::close(told[0]);
    ::close(told[1]);
  }
  ~OtherProcess() { kill(); }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  bool holds() const { return holds_; }
  qint64 pid() const { return pid_; }
  void kill() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      pid_ = -1;
    }
  }

 private:
  pid_t pid_ = -1;
  bool holds_ = false;
};

}  // namespace

class DeviceLocksTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void init();
  void oneDeviceHasOneLock_data();
  void oneDeviceHasOneLock();
  void allOrNothing();
  void looksShareWhoADeviceIs();
  void killedHolderHoldsNothing();
  void busyErrorNamesTheHolder();
  void hostileNote_data();
  void hostileNote();
  void nothingButAFileIsALock();
  void withoutLocksNothingBegins();
  void lockOfAnotherUser();
  void gateWaitsForLooksOnly();
  void gateOfAnotherProcessIsMinded();
  void commonFolderIsEverybodys();

 private:
  DeviceLocks locks(const QString& folder = {}) const {
    return DeviceLocks(
        folder.isEmpty() ? folder_->path() : folder,
        {[this](const LinkAddress& address) { return places_.value(address.target); },
         [](const QString& id) { return id.contains(u'/') ? QStringLiteral("root/") + id : QString(); }});
  }
  bool isFree(const QString& address, const QString& id = {}, Use use = Use::Job) const {
    const auto taken = locks().tryTake(at(address), id, use);
    return taken && !taken->locks.empty();
  }

  std::unique_ptr<QTemporaryDir> folder_;
  QMap<QString, QString> places_;
};

void DeviceLocksTest::init() {
  folder_ = std::make_unique<QTemporaryDir>();
  places_.clear();
  places_.insert(QStringLiteral("/dev/ttyUSB7"), QStringLiteral("1-4.2"));
  places_.insert(QStringLiteral("/dev/ttyUSB8"), QStringLiteral("1-4.2"));
}

void DeviceLocksTest::oneDeviceHasOneLock_data() {
  QTest::addColumn<QString>("held");
  QTest::addColumn<QString>("wanted");
  QTest::addColumn<bool>("same");
  const QString port = QStringLiteral("serial:/dev/null");  // stands for a port: it is there everywhere
  QTest::newRow("itself") << "usb:1-2"
                          << "usb:1-2" << true;
  QTest::newRow("another place") << "usb:1-2"
                                 << "usb:1-3" << false;
  QTest::newRow("behind a hub there") << "usb:1-2"
                                      << "usb:1-2.1" << false;
  QTest::newRow("baud rates") << "serial:/dev/ttyUSB7?baud=9600"
                              << "serial:/dev/ttyUSB7?baud=115200" << true;
  QTest::newRow("bare name of a port") << port << "serial:null" << true;
  QTest::newRow("link to a port") << port << "serial:LINK" << true;
  QTest::newRow("serial port of a USB device") << "serial:/dev/ttyUSB7"
                                               << "usb:1-4.2" << true;
  QTest::newRow("USB device of a serial port") << "usb:1-4.2"
                                               << "serial:/dev/ttyUSB8" << true;
  QTest::newRow("two ports of one adapter") << "serial:/dev/ttyUSB7"
                                            << "serial:/dev/ttyUSB8" << false;
  QTest::newRow("localhost") << "udp:127.0.0.1:1337"
                             << "udp:localhost:1337" << true;
  QTest::newRow("host in capitals") << "https:board.example:8443"
                                    << "https:Board.Example:8443" << true;
  QTest::newRow("two ways to write an IPv6 address") << "tcp:[fe80::1]:9"
                                                     << "tcp:[fe80:0:0:0:0:0:0:1]:9" << true;
  QTest::newRow("two ports of a host") << "udp:127.0.0.1:1337"
                                       << "udp:127.0.0.1:1338" << false;
}

void DeviceLocksTest::oneDeviceHasOneLock() {
  QFETCH(QString, held);
  QFETCH(QString, wanted);
  QFETCH(bool, same);
  const QString link = folder_->filePath(QStringLiteral("by-id-name"));
  QVERIFY(QFile::link(QStringLiteral("/dev/null"), link));
  wanted.replace(QLatin1String("LINK"), link);
  const auto first = locks().tryTake(at(held), {}, Use::Job);
  QVERIFY(first && !first->locks.empty());
  QCOMPARE(isFree(wanted), !same);
}

void DeviceLocksTest::allOrNothing() {
  const QString id = QStringLiteral("norrland/t2/0001");
  const auto first = locks().tryTake(at(QStringLiteral("usb:1-2")), id, Use::Job);
  QVERIFY(first && first->locks.size() == 2);
  QVERIFY2(!isFree(QStringLiteral("udp:127.0.0.1:1337"), id), "the same device over the network must be busy");
  QVERIFY2(isFree(QStringLiteral("udp:127.0.0.1:1337")), "what was asked for in vain must leave nothing locked");
  QVERIFY(isFree(QStringLiteral("udp:127.0.0.1:1337"), QStringLiteral("norrland/t2/0002")));
}

void DeviceLocksTest::looksShareWhoADeviceIs() {
  const QString id = QStringLiteral("norrland/t2/0001");
  const auto look = locks().tryTake(at(QStringLiteral("usb:1-2")), id, Use::Look);
  QVERIFY(look && !look->locks.empty());
  QVERIFY(isFree(QStringLiteral("usb:1-3"), id, Use::Look));
  QVERIFY(!isFree(QStringLiteral("usb:1-3"), id, Use::Job));
  QVERIFY2(!isFree(QStringLiteral("usb:1-2"), id, Use::Look), "two can't speak on one line");
}

void DeviceLocksTest::killedHolderHoldsNothing() {
  const LinkAddress address = at(QStringLiteral("usb:1-2"));
  std::optional<DeviceLocks::Taken> taken;
  OtherProcess other([&] {
    auto mine = locks().tryTake(address, QStringLiteral("norrland/t2/0001"), Use::Job);
    taken = mine ? std::move(*mine) : DeviceLocks::Taken();
    return !taken->locks.empty();
  });
  QVERIFY(other.holds());
  const auto busy = locks().tryTake(address, {}, Use::Job);
  QVERIFY(busy && busy->locks.empty());
  QVERIFY(busy->holder);
  QCOMPARE(busy->holder->processId, other.pid());
  QVERIFY(busy->holder->use == Use::Job);
  other.kill();
  QVERIFY(isFree(QStringLiteral("usb:1-2"), QStringLiteral("norrland/t2/0001")));
}

void DeviceLocksTest::busyErrorNamesTheHolder() {
  const QDateTime since(QDate(2026, 11, 21), QTime(10, 20, 30), Qt::UTC);
  const Error error =
      deviceBusy(DeviceLocks::Holder{Use::Job, QStringLiteral("sealift"), 4711, QStringLiteral("kim"), since});
  QCOMPARE(error.code, ErrorCode::DeviceBusy);
  const QString when = since.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss"));
  QCOMPARE(error.what,
           QStringLiteral("The device is being worked on by sealift (process 4711 of kim) since %1.").arg(when));
  QVERIFY(!error.remedy.isEmpty());
  const Error own =
      deviceBusy(DeviceLocks::Holder{Use::Job, QStringLiteral("sealift"), QCoreApplication::applicationPid(), {}, {}});
  QVERIFY2(own.what.contains(QLatin1String("by this program")), qPrintable(own.what));
}

void DeviceLocksTest::hostileNote_data() {
  QTest::addColumn<QByteArray>("note");
  QTest::newRow("empty") << QByteArray();
  QTest::newRow("no JSON") << QByteArray("{\"program\":");
  QTest::newRow("another shape") << QByteArray("[1,2,3]");
  QTest::newRow("far too long") << QByteArray(1 << 20, 'x');
  QTest::newRow("control characters") << QByteArray("{\"use\":\"job\",\"program\":\"a\\u001b[2Jb\\n\",\"pid\":-1}");
  QTest::newRow("long words") << QByteArray("{\"use\":\"job\",\"program\":\"" + QByteArray(900, 'p') + "\"}");
  QTest::newRow("words where numbers are") << QByteArray("{\"use\":7,\"program\":8,\"pid\":\"one\",\"since\":[]}");
}

void DeviceLocksTest::hostileNote() {
  QFETCH(QByteArray, note);
  const auto held = locks().tryTake(at(QStringLiteral("usb:1-2")), {}, Use::Job);
  QVERIFY(held);
  const QStringList files = QDir(folder_->path()).entryList(QDir::Files);
  QCOMPARE(files.size(), 1);
  QFile file(folder_->filePath(files.first()));
  QVERIFY(file.open(QIODevice::WriteOnly) && file.write(note) == note.size());
  file.close();
  const auto busy = locks().tryTake(at(QStringLiteral("usb:1-2")), {}, Use::Job);
  QVERIFY(busy && busy->locks.empty());
  const QString what = deviceBusy(busy->holder).what;
  QVERIFY2(what.size() < 300, qPrintable(what));
  QVERIFY2(std::all_of(what.cbegin(), what.cend(), [](QChar c) { return c.isPrint(); }), qPrintable(what));
}

void DeviceLocksTest::nothingButAFileIsALock() {
  const QString path = folder_->filePath(QStringLiteral("x.lock"));
  QVERIFY(::mkfifo(QFile::encodeName(path).constData(), 0666) == 0);
  QVERIFY(!FileLock::tryLock(path, FileLock::Mode::Exclusive, FileLock::For::Everybody));
  QVERIFY(FileLock::noteIn(path).isEmpty());
  QVERIFY(QFile::remove(path));
  const QString precious = folder_->filePath(QStringLiteral("precious"));
  QFile file(precious);
  QVERIFY(file.open(QIODevice::WriteOnly) && file.write("kept") == 4);
  file.close();
  QVERIFY(QFile::link(precious, path));
  QVERIFY(!FileLock::tryLock(path, FileLock::Mode::Exclusive, FileLock::For::Everybody));
  QCOMPARE(QFileInfo(precious).size(), 4);
}

void DeviceLocksTest::withoutLocksNothingBegins() {
  const QString file = folder_->filePath(QStringLiteral("file"));
  QVERIFY(QFile(file).open(QIODevice::WriteOnly));
  AddressGate gate;
  gate.mind(std::make_unique<const DeviceLocks>(locks(file + QStringLiteral("/folder"))));
  const auto guard = gate.tryEnter(at(QStringLiteral("usb:1-2")), {}, Use::Job);
  QVERIFY(!guard);
  QVERIFY(guard.error().code != ErrorCode::DeviceBusy);
  QCOMPARE(gate.ofJobs(), QStringList());
}

// A file that another user made, in a folder like /run/lock.
void DeviceLocksTest::lockOfAnotherUser() {
  if (::geteuid() != 0) {
    QSKIP("Only root can be another user.");
  }
  QVERIFY(::chmod(QFile::encodeName(folder_->path()).constData(), 01777) == 0);
  std::optional<DeviceLocks::Taken> taken;
  const auto hold = [&] {
    auto mine = locks().tryTake(at(QStringLiteral("usb:1-2")), {}, Use::Job);
    taken = mine ? std::move(*mine) : DeviceLocks::Taken();
    return !taken->locks.empty();
  };
  OtherProcess nobody([&] { return ::umask(077) != 0777 && ::setuid(65534) == 0 && hold(); });
  QVERIFY(nobody.holds());
  QVERIFY(!isFree(QStringLiteral("usb:1-2")));
  nobody.kill();
  QVERIFY(isFree(QStringLiteral("usb:1-2")));
  OtherProcess another([&] { return ::setuid(65533) == 0 && hold(); });
  QVERIFY2(another.holds(), "a user must be able to lock what another one had locked before");
  QVERIFY(!isFree(QStringLiteral("usb:1-2")));
}

void DeviceLocksTest::gateWaitsForLooksOnly() {
  AddressGate one;
  AddressGate two;
  one.mind(std::make_unique<const DeviceLocks>(locks()));
  two.mind(std::make_unique<const DeviceLocks>(locks()));
  const LinkAddress address = at(QStringLiteral("usb:1-2"));
  const CancelToken cancel;
  auto job = one.enter(address, {}, Use::Job, cancel);
  QVERIFY(job);
  QCOMPARE(one.ofJobs(), QStringList{QStringLiteral("usb:1-2")});
  for (AddressGate* gate : {&one, &two}) {  // at once, though a look may be waited for
    const auto refused = gate->enter(address, {}, Use::Look, cancel);
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::DeviceBusy);
  }
  job = AddressGate::Guard();
  QCOMPARE(one.ofJobs(), QStringList());
  auto look = one.enter(address, {}, Use::Look, cancel);
  QVERIFY(look);
  CancelToken impatient;
  impatient.cancel();
  for (AddressGate* gate : {&one, &two}) {
    const auto refused = gate->enter(address, {}, Use::Job, impatient);
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::DeviceBusy);
  }
  std::thread leaves([held = std::make_shared<AddressGate::Guard>(std::move(*look))]() mutable {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    held.reset();
  });
  const auto waited = two.enter(address, {}, Use::Job, cancel);
  leaves.join();
  QVERIFY2(waited, "a look ends soon: it must be waited for");
}

void DeviceLocksTest::gateOfAnotherProcessIsMinded() {
  const LinkAddress address = at(QStringLiteral("udp:127.0.0.1:1337"));
  AddressGate gate;
  gate.mind(std::make_unique<const DeviceLocks>(locks()));
  Result<AddressGate::Guard> held = fail(ErrorCode::Internal, QString());
  OtherProcess other([&] {
    held = gate.tryEnter(address, {}, Use::Job);
    return held.has_value();
  });
  QVERIFY(other.holds());
  const auto busy = gate.enter(address, {}, Use::Job, CancelToken());
  QVERIFY(!busy);
  QVERIFY2(busy.error().what.contains(QStringLiteral("process %1").arg(other.pid())), qPrintable(busy.error().what));
  other.kill();
  QVERIFY(gate.tryEnter(address, {}, Use::Job));
}

void DeviceLocksTest::commonFolderIsEverybodys() {
  const QString folder = commonLockFolder();
  struct stat about {};
  QVERIFY(::stat(QFile::encodeName(folder).constData(), &about) == 0);
  QVERIFY2((about.st_mode & S_ISVTX) != 0 && (about.st_mode & S_IWOTH) != 0, qPrintable(folder));
}

QTEST_GUILESS_MAIN(DeviceLocksTest)
#include "device_locks_test.moc"
