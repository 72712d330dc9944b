#include "app/services/station_key.h"

#include "app/store/setting_table.h"
#include "keystore/secrets/file_signer.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace sealift {
namespace {

const QString kAddressKey = QStringLiteral("station.key");
const QString kKeyIdKey = QStringLiteral("station.key.id");
const QString kEarlierKey = QStringLiteral("station.key.earlier");
constexpr qsizetype kMostEarlierKeys = 1000;

// Asks while the station starts, and nobody afterwards.
class StartPins final : public PinSource {
 public:
  explicit StartPins(std::shared_ptr<PinSource> pins) : pins_(std::move(pins)) {}
  void end() { pins_.reset(); }
  Result<SecretBytes> ask(const PinRequest& request) override {
    if (pins_) {
      return pins_->ask(request);
    }
    return fail(
        ErrorCode::KeyPin, QStringLiteral("The station's key wants its PIN again (%1).").arg(request.keeper),
        QStringLiteral("Start Sealift again and enter it, or name a file with pin-source in the key's address."));
  }
  bool interactive() const override { return pins_ && pins_->interactive(); }

 private:
  std::shared_ptr<PinSource> pins_;
};

// Keeps the source of PINs alive as long as the key that may ask it.
class SignerWithPins final : public Signer {
 public:
  SignerWithPins(std::unique_ptr<Signer> signer, std::shared_ptr<StartPins> pins)
      : pins_(std::move(pins)), signer_(std::move(signer)) {}
  const PublicKey& publicKey() const override { return signer_->publicKey(); }
  Result<QByteArray> sign(SignatureScheme scheme, QByteArrayView message) override {
    return signer_->sign(scheme, message);
  }

 private:
  std::shared_ptr<StartPins> pins_;
  std::unique_ptr<Signer> signer_;
};

QByteArray statement(const PublicKey& earlier, const PublicKey& successor) {
  return QByteArrayLiteral("Sealift station key succession 1\n") + earlier.keyId().toLatin1() + '\n' +
         successor.keyId().toLatin1() + '\n';
}

// Whatever is not vouched for by its successor is left out, and with it all before it: heads that it signed are then
// not this station's, and the log says so.
QList<PublicKey> readEarlier(const QString& text, PublicKey successor) {
  QList<PublicKey> keys;
  const QJsonArray rows = QJsonDocument::fromJson(text.toUtf8()).array();
  for (const QJsonValue& row : rows) {
    const auto key = PublicKey::fromPem(row[QLatin1String("publicKey")].toString().toUtf8());
    const QByteArray signature = QByteArray::fromBase64(row[QLatin1String("signature")].toString().toLatin1());
    if (!key || keys.size() >= kMostEarlierKeys ||
        !successor.verify(usualSchemeOf(successor.type()), statement(*key, successor), signature)) {
      break;
    }
    keys << *key;
    successor = *key;
  }
  return keys;
}

}  // namespace

Result<StationKey> openStationKey(Database& database, const QString& dataFolder,
                                  const std::shared_ptr<PinSource>& pins) {
  SettingTable settings(database);
  SEALIFT_TRY(const std::optional<QString> chosen, settings.find(kAddressKey));
  SEALIFT_TRY(const std::optional<QString> keyId, settings.find(kKeyIdKey));
  SEALIFT_TRY(const std::optional<QString> earlier, settings.find(kEarlierKey));
  if (!chosen) {
    const QString path = dataFolder + QStringLiteral("/station-key.pem");
    SEALIFT_TRY(std::unique_ptr<Signer> signer, loadOrCreateStationKey(path));
    return StationKey{KeyAddress(FileKeyAddress{path}), std::move(signer), {}};
  }
  SEALIFT_TRY(const KeyAddress address, KeyAddress::parse(*chosen));
  const auto asked = std::make_shared<StartPins>(pins);
  Result<std::unique_ptr<Signer>> opened = openSigner(address, *asked);
  asked->end();
  if (!opened) {
    Error error = opened.error();
    error.what.prepend(QStringLiteral("The station's key can't be used. "));
    return fail(error);
  }
  const PublicKey& key = (*opened)->publicKey();
  if (keyId != key.keyId()) {
    return fail(ErrorCode::CryptoKey,
                QStringLiteral("Another key answers at %1 than the one that was chosen as the station's.").arg(*chosen),
                QStringLiteral("Bring the chosen key back; a station never changes its identity by itself."));
  }
  QList<PublicKey> before = readEarlier(earlier.value_or(QString()), key);
  return StationKey{address, std::make_unique<SignerWithPins>(std::move(*opened), asked), std::move(before)};
}

Result<NextStationKey> openNextStationKey(const StationKeyChoice& choice, PinSource& pins) {
  SEALIFT_TRY(const KeyAddress parsed, KeyAddress::parse(choice.address));
  const KeyAddress address = parsed.absolute();
  if (!choice.create) {
    SEALIFT_TRY(std::unique_ptr<Signer> signer, openSigner(address, pins));
    return NextStationKey{address, std::move(signer)};
  }
  SEALIFT_TRY(std::unique_ptr<Signer> signer, createKey(address, choice.wanted, pins));
  return NextStationKey{address, std::move(signer)};
}

Status chooseStationKey(Transaction& transaction, NextStationKey& next, const PublicKey& now) {
  const PublicKey& key = next.signer->publicKey();
  if (key == now) {
    return fail(ErrorCode::AlreadyExists, QStringLiteral("The station signs with this key already."));
  }
  SettingTable settings(transaction.database());
  SEALIFT_TRY(const std::optional<QString> earlier, settings.find(kEarlierKey));
  SEALIFT_TRY(const QByteArray signature, next.signer->sign(usualSchemeOf(key.type()), statement(now, key)));
  QJsonArray rows = QJsonDocument::fromJson(earlier.value_or(QString()).toUtf8()).array();
  rows.prepend(QJsonObject{{QStringLiteral("publicKey"), QString::fromLatin1(now.toPem())},
                           {QStringLiteral("signature"), QString::fromLatin1(signature.toBase64())}});
  SEALIFT_CHECK(settings.set(kEarlierKey, QString::fromUtf8(QJsonDocument(rows).toJson(QJsonDocument::Compact))));
  SEALIFT_CHECK(settings.set(kKeyIdKey, key.keyId()));
  return settings.set(kAddressKey, next.address.toString());
}

}  // namespace sealift
