#include "app/services/device_locks.h"

#include "app/base/file_io.h"
#include "keystore/crypto/digest.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QHostAddress>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace sealift {
namespace {

constexpr qsizetype kShownWord = 60;

// What a stranger wrote, for a line of text.
QString shown(const QString& word) {
  QString text = word.left(kShownWord);
  text.removeIf([](QChar c) { return !c.isPrint(); });
  return text;
}

QByteArray noteOf(DeviceLocks::Use use) {
  const QJsonObject note{
      {QStringLiteral("use"), use == DeviceLocks::Use::Job ? QStringLiteral("job") : QStringLiteral("look")},
      {QStringLiteral("program"), shown(QCoreApplication::applicationName())},
      {QStringLiteral("pid"), QCoreApplication::applicationPid()},
      {QStringLiteral("user"), shown(qEnvironmentVariable("USER", qEnvironmentVariable("USERNAME")))},
      {QStringLiteral("since"), QDateTime::currentDateTimeUtc().toString(Qt::ISODate)}};
  return QJsonDocument(note).toJson(QJsonDocument::Compact);
}

std::optional<DeviceLocks::Holder> holderIn(const QByteArray& note) {
  const QJsonObject json = QJsonDocument::fromJson(note).object();
  if (json.isEmpty()) {
    return std::nullopt;  // it has only just begun
  }
  return DeviceLocks::Holder{
      json[QStringLiteral("use")].toString() == QLatin1String("job") ? DeviceLocks::Use::Job : DeviceLocks::Use::Look,
      shown(json[QStringLiteral("program")].toString()), json[QStringLiteral("pid")].toInteger(),
      shown(json[QStringLiteral("user")].toString()),
      QDateTime::fromString(json[QStringLiteral("since")].toString().left(kShownWord), Qt::ISODate)};
}

// One name for a port: links are followed, and a bare name means the one in /dev.
QString canonicalPort(const QString& target) {
#ifdef Q_OS_WIN
  return target.startsWith(QLatin1String("\\\\.\\")) ? target.mid(4).toUpper() : target.toUpper();
#else
  const QString path = target.startsWith(u'/') ? target : QStringLiteral("/dev/") + target;
  const QString real = QFileInfo(path).canonicalFilePath();
  return real.isEmpty() ? QDir::cleanPath(path) : real;
#endif
}

QString canonicalHost(const QString& host) {
  if (host.compare(QLatin1String("localhost"), Qt::CaseInsensitive) == 0) {
    return QStringLiteral("127.0.0.1");
  }
  const QHostAddress address(host);
  return address.isNull() ? host.toLower() : address.toString();
}

}  // namespace

// Several serial ports may be behind one adapter, each with a device of its own: they share its place, which a job over
// the USB itself has alone.
std::vector<DeviceLocks::Key> DeviceLocks::keysOf(const LinkAddress& address, const QString& deviceId, Use use) const {
  using Mode = FileLock::Mode;
  std::vector<Key> keys;
  if (address.kind == LinkKind::Usb) {
    keys.push_back({QStringLiteral("usb:") + address.target, Mode::Exclusive});
  } else if (address.kind == LinkKind::Serial) {
    keys.push_back({QStringLiteral("serial:") + canonicalPort(address.target), Mode::Exclusive});
    if (const QString place = known_.place(address); !place.isEmpty()) {
      keys.push_back({QStringLiteral("usb:") + place, Mode::Shared});
    }
  } else {
    keys.push_back({QStringLiteral("%1:%2:%3")
                        .arg(linkKindName(address.kind), canonicalHost(address.target), QString::number(address.port)),
                    Mode::Exclusive});
  }
  if (const QString identity = deviceId.isEmpty() ? QString() : known_.identity(deviceId); !identity.isEmpty()) {
    keys.push_back({QStringLiteral("device:") + identity, use == Use::Job ? Mode::Exclusive : Mode::Shared});
  }
  return keys;
}

Result<DeviceLocks::Taken> DeviceLocks::tryTake(const LinkAddress& address, const QString& deviceId, Use use) const {
  if (!QFileInfo::exists(folder_)) {
    SEALIFT_CHECK(makeFolder(folder_));
  }
  Taken taken;
  for (const Key& key : keysOf(address, deviceId, use)) {
    const QString name = QString::fromLatin1(sha256(key.text.toUtf8()).left(16).toHex());
    const QString path = QDir(folder_).filePath(QStringLiteral("sealift-%1.lock").arg(name));
    SEALIFT_TRY(std::optional<FileLock> lock, FileLock::tryLock(path, key.mode, FileLock::For::Everybody));
    if (!lock) {
      return Taken{{}, holderIn(FileLock::noteIn(path))};
    }
    lock->leaveNote(noteOf(use));
    taken.locks.push_back(std::move(*lock));
  }
  return taken;
}

Error deviceBusy(const std::optional<DeviceLocks::Holder>& holder) {
  if (!holder) {
    return makeError(ErrorCode::DeviceBusy, QStringLiteral("The device is being worked on."));
  }
  if (holder->processId == QCoreApplication::applicationPid()) {
    return makeError(ErrorCode::DeviceBusy, QStringLiteral("The device is being worked on by this program."));
  }
  const QString user = holder->user.isEmpty() ? QString() : QStringLiteral(" of %1").arg(holder->user);
  const QString since =
      holder->since.isValid()
          ? QStringLiteral(" since %1").arg(holder->since.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")))
          : QString();
  return makeError(ErrorCode::DeviceBusy,
                   QStringLiteral("The device is being worked on by %1 (process %2%3)%4.")
                       .arg(holder->program.isEmpty() ? QStringLiteral("another program") : holder->program)
                       .arg(holder->processId)
                       .arg(user, since),
                   QStringLiteral("Wait until it has ended there, or stop it there; a program that has ended holds "
                                  "nothing any more."));
}

}  // namespace sealift
