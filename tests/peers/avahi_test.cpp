// Services that Debian's avahi-daemon announces, on a network of two computers that the test makes: two network name
// spaces with a cable between them. Here is one side, the name space "peer" is the other. First DnsSdWatcher is told of
// comings and goings; then sealiftctl, on the other side, finds a virtual device that is announced here.
#include "tests/support/tool_run.h"
#include "tests/support/udp_switch.h"
#include "tests/support/vendor_folder.h"
#include "transports/links/dns_sd_watcher.h"

#include <QDir>
#include <QJsonArray>
#include <QStandardPaths>
#include <QTest>

#include <mutex>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr int kWaitMs = 20'000;
const QString kServices = QStringLiteral("/etc/avahi/services");
const QString kHosts = QStringLiteral("/etc/avahi/hosts");

bool run(const QString& commands) {
  for (const QString& command : commands.split(u'\n', Qt::SkipEmptyParts)) {
    const QStringList words = command.split(u' ', Qt::SkipEmptyParts);
    const ToolRun ran = runTool(words.first(), words.mid(1), 20'000);
    if (ran.exitCode != 0) {
      qWarning("%s: %s", qPrintable(command), ran.all().constData());
      return false;
    }
  }
  return true;
}

// avahi-daemon on one side, with what it announces in a folder of the test's.
class Avahi {
 public:
  Avahi(const QString& host, bool onPeer) {
    QFile config(folder_.filePath(QStringLiteral("avahi.conf")));
    const QByteArray text = "[server]\nhost-name=" + host.toUtf8() +
                            "\nenable-dbus=no\nuse-ipv4=yes\nuse-ipv6=yes\ndisallow-other-stacks=no\n"
                            "[publish]\npublish-hinfo=no\npublish-workstation=no\n[reflector]\n[rlimits]\n";
    if (!config.open(QIODevice::WriteOnly) || config.write(text) != text.size()) {
      return;
    }
    config.close();
    QDir().mkpath(services());
    QFile hosts(folder_.filePath(QStringLiteral("hosts")));
    if (!hosts.open(QIODevice::WriteOnly) || hosts.write("203.0.113.9 elsewhere.local\n") <= 0) {
      return;
    }
    hosts.close();
    // A mount name space of its own: each daemon has its own folders.
    const QString script = QStringLiteral(
                               "mount --bind %1 %2 && mount --bind %3 %4 && mount -t tmpfs tmpfs /run && "
                               "exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f %5")
                               .arg(services(), kServices, hosts.fileName(), kHosts, config.fileName());
    QStringList command{QStringLiteral("unshare"), QStringLiteral("--mount"), QStringLiteral("sh"),
                        QStringLiteral("-c"), script};
    if (onPeer) {
      command =
          QStringList{QStringLiteral("ip"), QStringLiteral("netns"), QStringLiteral("exec"), QStringLiteral("peer")} +
          command;
    }
    process_.setProcessChannelMode(QProcess::MergedChannels);
    process_.start(command.first(), command.mid(1));
    started_ = QTest::qWaitFor(
        [&] {
          said_ += process_.readAll();
          return said_.contains("Server startup complete") || process_.state() == QProcess::NotRunning;
        },
        kWaitMs);
    started_ = started_ && process_.state() == QProcess::Running;
    if (!started_) {
      qWarning("%s", said_.constData());
    }
  }
  Avahi(const Avahi&) = delete;
  Avahi& operator=(const Avahi&) = delete;
  ~Avahi() {
    process_.terminate();
    if (!process_.waitForFinished(10'000)) {
      process_.kill();
      process_.waitForFinished(10'000);
    }
  }
  bool started() const { return started_; }

  bool announce(const QString& instance, const QString& type, int port, const QString& host = {}) const {
    const QByteArray text = QStringLiteral(
                                "<?xml version=\"1.0\" standalone='no'?>\n"
                                "<!DOCTYPE service-group SYSTEM \"avahi-service.dtd\">\n"
                                "<service-group><name>%1</name><service><type>%2</type>%4"
                                "<port>%3</port><txt-record>serial=0001</txt-record></service>"
                                "</service-group>\n")
                                .arg(instance, type)
                                .arg(port)
                                .arg(host.isEmpty() ? QString() : QStringLiteral("<host-name>%1</host-name>").arg(host))
                                .toUtf8();
    QFile file(fileOf(instance));
    return file.open(QIODevice::WriteOnly) && file.write(text) == text.size();
  }
  bool withdraw(const QString& instance) const { return QFile::remove(fileOf(instance)); }
  void pullThePlug() {  // no goodbye
    process_.kill();
    process_.waitForFinished(10'000);
  }

 private:
  QString services() const { return folder_.filePath(QStringLiteral("services")); }
  QString fileOf(const QString& instance) const { return services() + u'/' + instance + QStringLiteral(".service"); }

  QTemporaryDir folder_;
  QProcess process_;
  QByteArray said_;
  bool started_ = false;
};

// What a watcher told last.
class Watch {
 public:
  explicit Watch(const QStringList& types) {
    Result<std::unique_ptr<ServiceBrowsing>> started =
        DnsSdWatcher::start(types, [this](const QList<DnsSdService>& services) {
          const std::scoped_lock lock(mutex_);
          services_ = services;
        });
    if (started) {
      browsing_ = std::move(*started);
    } else {
      qWarning("%s", qPrintable(started.error().message()));
    }
  }
  QList<DnsSdService> services() const {
    const std::scoped_lock lock(mutex_);
    return services_;
  }
  bool waitFor(qsizetype count) const {
    return QTest::qWaitFor([&] { return services().size() == count; }, kWaitMs);
  }

 private:
  mutable std::mutex mutex_;
  QList<DnsSdService> services_;
  std::unique_ptr<ServiceBrowsing> browsing_;
};

}  // namespace

class AvahiTest final : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase();
  void findsTheService();
  void followsComingsAndGoings();
  void addressesOfThisLinkOnly();
  void sharesThePort();
  void followsTheCable();
  void toolFindsTheDevice();

 private:
  const QString type_ = QStringLiteral("_smp._udp");
};

void AvahiTest::initTestCase() {
  for (const char* tool : {"avahi-daemon", "ip", "unshare", "mount"}) {
    if (QStandardPaths::findExecutable(QString::fromLatin1(tool)).isEmpty() &&
        QStandardPaths::findExecutable(QString::fromLatin1(tool), {QStringLiteral("/usr/sbin")}).isEmpty()) {
      qWarning("%s is missing (Debian packages avahi-daemon, iproute2, util-linux).", tool);
      std::exit(77);
    }
  }
  if (geteuid() != 0) {
    qWarning("Only root can make a network for two.");
    std::exit(77);
  }
  // Of this thread and all that it starts; nothing is left behind when they have ended.
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    qWarning("The kernel gives no name spaces here.");
    std::exit(77);
  }
  QVERIFY(
      run(QStringLiteral("mount -t tmpfs tmpfs /run\n"
                         "ip netns add peer\n"
                         "ip link add here type veth peer name there\n"
                         "ip link set there netns peer\n"
                         "ip address add 198.51.100.1/24 dev here\n"
                         "ip link set lo up\n"
                         "ip link set here up\n"
                         "ip netns exec peer ip address add 198.51.100.2/24 dev there\n"
                         "ip netns exec peer ip link set lo up\n"
                         "ip netns exec peer ip link set there up")));
}

void AvahiTest::findsTheService() {
  const Avahi avahi(QStringLiteral("boiler"), /*onPeer=*/true);
  QVERIFY(avahi.started());
  QVERIFY(avahi.announce(QStringLiteral("Boiler.room 1"), type_, 1337));
  QVERIFY(avahi.announce(QStringLiteral("Printer"), QStringLiteral("_ipp._tcp"), 631));
  const Watch watch({type_, QStringLiteral("_sealift._tcp")});
  QVERIFY(watch.waitFor(1));
  const auto complete = [&] { return watch.services().value(0).addresses.size() >= 2; };
  QTRY_VERIFY_WITH_TIMEOUT(complete(), kWaitMs);
  const DnsSdService service = watch.services().first();
  QCOMPARE(service.type, type_);
  QCOMPARE(service.instance, QStringLiteral("Boiler.room 1"));
  QCOMPARE(service.host, QStringLiteral("boiler.local"));
  QCOMPARE(service.port, 1337);
  QCOMPARE(service.texts, QList<QByteArray>{"serial=0001"});
  QCOMPARE(service.addresses.first(), QHostAddress(QStringLiteral("198.51.100.2")));
  QVERIFY(service.addresses.last().isLinkLocal());
  QCOMPARE(service.addresses.last().scopeId(), QStringLiteral("here"));
}

void AvahiTest::followsComingsAndGoings() {
  const Avahi avahi(QStringLiteral("boiler"), /*onPeer=*/true);
  QVERIFY(avahi.started());
  const Watch watch({type_});
  QTest::qWait(1500);  // the first two questions are over: what comes is announced
  QVERIFY(watch.services().isEmpty());
  QVERIFY(avahi.announce(QStringLiteral("Boiler"), type_, 1337));
  QVERIFY(watch.waitFor(1));
  QVERIFY(avahi.announce(QStringLiteral("Cellar"), type_, 1338));
  QVERIFY(watch.waitFor(2));
  QVERIFY(avahi.withdraw(QStringLiteral("Boiler")));
  QVERIFY(watch.waitFor(1));
  QCOMPARE(watch.services().first().instance, QStringLiteral("Cellar"));
}

// An announcement can't lead to a computer somewhere else.
void AvahiTest::addressesOfThisLinkOnly() {
  const Avahi avahi(QStringLiteral("boiler"), /*onPeer=*/true);
  QVERIFY(avahi.started());
  QVERIFY(avahi.announce(QStringLiteral("Lure"), type_, 1337, QStringLiteral("elsewhere.local")));
  const Watch watch({type_});
  QTest::qWait(3000);
  QVERIFY(avahi.announce(QStringLiteral("Boiler"), type_, 1337));
  QVERIFY(watch.waitFor(1));
  QTest::qWait(1000);
  QCOMPARE(watch.services().size(), 1);
  QCOMPARE(watch.services().first().instance, QStringLiteral("Boiler"));
}

// Another responder on this computer has port 5353, too, as on most desktops.
void AvahiTest::sharesThePort() {
  const Avahi ours(QStringLiteral("desk"), /*onPeer=*/false);
  const Avahi avahi(QStringLiteral("boiler"), /*onPeer=*/true);
  QVERIFY(ours.started() && avahi.started());
  QVERIFY(avahi.announce(QStringLiteral("Boiler"), type_, 1337));
  const Watch one({type_});
  const Watch two({type_});
  QVERIFY(one.waitFor(1));
  QVERIFY(two.waitFor(1));
}

void AvahiTest::followsTheCable() {
  Avahi avahi(QStringLiteral("boiler"), /*onPeer=*/true);
  QVERIFY(avahi.started());
  QVERIFY(avahi.announce(QStringLiteral("Boiler"), type_, 1337));
  const Watch watch({type_});
  QVERIFY(watch.waitFor(1));
  QVERIFY(run(QStringLiteral("ip link set here down")));
  QVERIFY(watch.waitFor(0));
  QVERIFY(run(QStringLiteral("ip link set here up")));
  QVERIFY(watch.waitFor(1));
  avahi.pullThePlug();  // silence says nothing yet
  QTest::qWait(2000);
  QCOMPARE(watch.services().size(), 1);
}

void AvahiTest::toolFindsTheDevice() {
  VendorFolder vendor;
  vendor.initRepository();
  ModelDescription model;
  model.id = QStringLiteral("t3");
  model.name = QStringLiteral("Norrland T3");
  model.driver = QStringLiteral("smp");
  model.links = {LinkKind::Udp};
  model.serviceTypes = {type_};
  model.deviceNames = {QStringLiteral("t2")};
  model.imageFormat = QStringLiteral("mcuboot");
  model.imageKeys = {vendor.firmware.publicKey()};
  const QString path = vendor.file(QStringLiteral("t3.json"));
  QVERIFY(writeFileAtomic(path, writeModel(model)));
  QVERIFY(vendor.desk().addModel(path));
  vendor.publish();
  VirtualSmpDevice unit(vendor.deviceConfig());
  QVERIFY(unit.start());
  UdpSwitch port(QHostAddress(QStringLiteral("198.51.100.1")));
  port.leadTo(unit.address());
  const Avahi avahi(QStringLiteral("cellar"), /*onPeer=*/false);
  QVERIFY(avahi.started());
  QVERIFY(avahi.announce(QStringLiteral("Cellar"), type_, port.address().port));
  QVERIFY(avahi.announce(QStringLiteral("Printer"), QStringLiteral("_ipp._tcp"), 631));

  const auto tool = [&](const QStringList& words) {
    return runTool(QStringLiteral("ip"),
                   QStringList{QStringLiteral("netns"), QStringLiteral("exec"), QStringLiteral("peer"),
                               QStringLiteral(SEALIFT_TOOL), QStringLiteral("--data-dir"),
                               vendor.file(QStringLiteral("station")), QStringLiteral("--json")} +
                       words,
                   60'000);
  };
  const QStringList discover{QStringLiteral("device"), QStringLiteral("discover"), QStringLiteral("--seconds"),
                             QStringLiteral("4")};
  const ToolRun before = tool(discover);  // no vendor: nothing is asked, and nothing is found on the network
  QCOMPARE(before.exitCode, 0);
  QVERIFY2(!before.out.contains("network\""), before.all().constData());
  const ToolRun added = tool({QStringLiteral("vendor"), QStringLiteral("add"), vendor.vendorFile(),
                              QStringLiteral("--accept"), vendor.fingerprint()});
  QVERIFY2(added.exitCode == 0, added.all().constData());
  const ToolRun found = tool(discover);
  QVERIFY2(found.exitCode == 0, found.all().constData());
  QJsonObject service;
  for (const QJsonValue& each : found.json().value(QLatin1String("found")).toArray()) {
    if (each.toObject().value(QLatin1String("kind")).toString() == QLatin1String("network")) {
      QVERIFY2(service.isEmpty(), found.out.constData());
      service = each.toObject();
    }
  }
  QCOMPARE(service.value(QLatin1String("name")).toString(), QStringLiteral("Cellar"));
  QCOMPARE(service.value(QLatin1String("deviceId")).toString(), QStringLiteral("norrland/t3/0001"));
  QCOMPARE(service.value(QLatin1String("address")).toString(), port.address().toString());
  const ToolRun listed = tool({QStringLiteral("device"), QStringLiteral("list")});
  const QJsonObject device = listed.json().value(QLatin1String("devices")).toArray().first().toObject();
  QCOMPARE(device.value(QLatin1String("version")).toString(), QStringLiteral("1.0.0"));
  QCOMPARE(device.value(QLatin1String("online")).toBool(), true);
  const ToolRun offline = tool(QStringList{QStringLiteral("--offline")} + discover);
  QVERIFY2(!offline.out.contains("198.51.100.1"), offline.all().constData());
}

QTEST_GUILESS_MAIN(AvahiTest)
#include "avahi_test.moc"
