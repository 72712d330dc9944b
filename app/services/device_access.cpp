#include "app/services/device_access.h"

#include "app/base/file_io.h"
#include "app/catalog/vendor_access.h"
#include "app/services/client_identity.h"
#include "keystore/crypto/digest.h"
#include "keystore/secrets/private_file.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSslCertificate>

namespace sealift {

struct DeviceAccess::Known {
  QString user;
  QByteArray authorities;     // PEM; empty: as the model says
  QString clientCertificate;  // absolute path; empty: none
  QString clientKey;          // its key's address

  bool isEmpty() const { return user.isEmpty() && authorities.isEmpty() && clientCertificate.isEmpty(); }
};

namespace {

constexpr qint64 kMostPasswordBytes = 1024;
constexpr qsizetype kMostUser = 200;
const QString kUser = QStringLiteral("user");
const QString kAuthorities = QStringLiteral("authorities");
const QString kCertificate = QStringLiteral("clientCertificate");
const QString kKey = QStringLiteral("clientKey");

QString settingKey(const QString& address) {
  return QStringLiteral("device-access.") + address;
}

Result<QString> httpsAddress(const QString& text) {
  SEALIFT_TRY(const LinkAddress address, LinkAddress::parse(text));
  if (address.kind != LinkKind::Https) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("%1 is no HTTPS address; other links know neither names nor passwords.").arg(text));
  }
  return address.toString();
}

}  // namespace

QString DeviceAccess::passwordFile(const QString& address) const {
  const QString name = QString::fromLatin1(sha256(address.toUtf8()).left(16).toHex());
  return QDir(core_.dataFolder).filePath(QStringLiteral("device-passwords/") + name);
}

Result<DeviceAccess::Known> DeviceAccess::find(const QString& address) const {
  SEALIFT_TRY(const std::optional<QString> kept, SettingTable(*core_.database).find(settingKey(address)));
  const QJsonObject json = QJsonDocument::fromJson(kept.value_or(QString()).toUtf8()).object();
  return Known{json[kUser].toString(), json[kAuthorities].toString().toLatin1(), json[kCertificate].toString(),
               json[kKey].toString()};
}

Result<DeviceAccess::Known> DeviceAccess::changed(Known known, const DeviceAccessChange& change) const {
  if (change.user) {
    if (change.user->size() > kMostUser || change.user->contains(u':')) {  // RFC 7617, 2
      return fail(ErrorCode::InvalidArgument, QStringLiteral("A name is short and holds no \":\"."));
    }
    known.user = *change.user;
  }
  if (change.authoritiesFile) {
    known.authorities.clear();
    if (!change.authoritiesFile->isEmpty()) {
      SEALIFT_TRY(known.authorities, readFile(*change.authoritiesFile, kAuthoritiesMaxBytes));
      if (QSslCertificate::fromData(known.authorities, QSsl::Pem).isEmpty()) {
        return fail(ErrorCode::CryptoKey,
                    QStringLiteral("%1 holds no certificate in PEM.").arg(*change.authoritiesFile));
      }
    }
  }
  SEALIFT_TRY(const ClientIdentity shown, changeClientIdentity({known.clientCertificate, known.clientKey},
                                                               change.clientCertificate, change.clientKey));
  known.clientCertificate = shown.certificate;
  known.clientKey = shown.key;
  return known;
}

// A name without a password would be sent with an empty one.
Status DeviceAccess::keepPassword(const QString& address, const DeviceAccessChange& change) const {
  const QString path = passwordFile(address);
  if (change.user && change.user->isEmpty()) {
    return QFile::exists(path) && !QFile::remove(path)
               ? Status(fail(ErrorCode::FileWrite, QStringLiteral("%1 could not be removed.").arg(path)))
               : Status();
  }
  if (!change.user) {
    return {};
  }
  SecretBytes password;
  if (change.passwordFile.isEmpty()) {
    password = SecretBytes(QByteArrayView(change.password));
  } else {
    FilePinSource file(change.passwordFile);
    SEALIFT_TRY(password, file.ask({.kind = PinKind::Passphrase, .keeper = address}));
  }
  if (password.isEmpty() || static_cast<qint64>(password.size()) > kMostPasswordBytes) {
    return fail(ErrorCode::KeyPin, QStringLiteral("The password is empty or too long."));
  }
  SEALIFT_CHECK(makeFolder(QFileInfo(path).path()));
  QByteArray bytes = password.view().toByteArray();
  const Status written = writeFileAtomic(path, bytes, true);
  zeroize(bytes);
  return written;
}

Result<DeviceAccessView> DeviceAccess::change(const QString& addressText, const DeviceAccessChange& change) {
  SEALIFT_TRY(const QString address, httpsAddress(addressText));
  SEALIFT_TRY(const Known before, find(address));
  SEALIFT_TRY(const Known known, changed(before, change));
  if (change.clientCertificate && !known.clientCertificate.isEmpty()) {
    SEALIFT_CHECK(identity(known));
  }
  SEALIFT_CHECK(keepPassword(address, change));
  const QJsonObject json{{kUser, known.user},
                         {kAuthorities, QString::fromLatin1(known.authorities)},
                         {kCertificate, known.clientCertificate},
                         {kKey, known.clientKey}};
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  SEALIFT_CHECK(SettingTable(*core_.database)
                    .set(settingKey(address), QString::fromUtf8(QJsonDocument(json).toJson(QJsonDocument::Compact))));
  SEALIFT_CHECK(
      core_.record(transaction, {.event = AuditEvent::SettingsChanged,
                                 .actor = {},
                                 .subject = {QStringLiteral("device"), address, address},
                                 .outcome = AuditOutcome::Ok,
                                 .code = {},
                                 .message = QStringLiteral("How the device at %1 is reached was changed.").arg(address),
                                 .details = {{kUser, known.user},
                                             {QStringLiteral("passwordSet"), change.user && !change.user->isEmpty()},
                                             {QStringLiteral("ownAuthorities"), !known.authorities.isEmpty()},
                                             {kCertificate, known.clientCertificate},
                                             {kKey, known.clientKey}}}));
  SEALIFT_CHECK(transaction.commit());
  return DeviceAccessView{address, known.user, !known.authorities.isEmpty(), known.clientCertificate, known.clientKey};
}

Status DeviceAccess::forget(const QString& address) {
  const QString path = passwordFile(address);
  if (QFile::exists(path) && !QFile::remove(path)) {
    return fail(ErrorCode::FileWrite, QStringLiteral("%1 could not be removed.").arg(path));
  }
  const Status gone = SettingTable(*core_.database).remove(settingKey(address));
  return gone || gone.error().code == ErrorCode::NotFound ? Status() : gone;
}

Result<std::shared_ptr<const TlsIdentity>> DeviceAccess::identity(const Known& known) {
  const std::scoped_lock lock(mutex_);
  const QString name = known.clientCertificate + u'\n' + known.clientKey;
  if (const auto found = identities_.constFind(name); found != identities_.constEnd()) {
    return *found;
  }
  SEALIFT_TRY(const KeyAddress key, KeyAddress::parse(known.clientKey));
  SEALIFT_TRY(TlsIdentity opened, TlsIdentity::load(known.clientCertificate, key, *pins_));
  const auto shared = std::make_shared<const TlsIdentity>(std::move(opened));
  identities_.insert(name, shared);
  return shared;
}

Status DeviceAccess::addTo(const LinkAddress& address, HttpAccess& access) {
  const QString text = address.toString();
  SEALIFT_TRY(const Known known, find(text));
  if (!known.authorities.isEmpty()) {
    access.serverCas = {known.authorities};
  }
  if (!known.user.isEmpty()) {
    const QString path = passwordFile(text);
    SEALIFT_CHECK(requirePrivateFile(path, QStringLiteral("password file")));
    SEALIFT_TRY(access.password, readFile(path, kMostPasswordBytes));
    access.user = known.user;
  }
  if (!known.clientCertificate.isEmpty()) {
    SEALIFT_TRY(const std::shared_ptr<const TlsIdentity> shown, identity(known));
    access.applyIdentity = [shown](QSslConfiguration& tls) { return shown->applyTo(tls); };
  }
  return {};
}

}  // namespace sealift
