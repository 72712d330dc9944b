#include "app/services/local_station.h"
#include "app/services/station_key.h"

#include <QMap>

namespace sealift {
namespace {

StationKeyView viewOf(const KeyAddress& address, const PublicKey& key, qsizetype earlierKeys) {
  StationKeyView view{.address = address.toString(),
                      .keyId = key.keyId(),
                      .type = key.typeName(),
                      .publicKeyPem = QString::fromLatin1(key.toPem())};
  view.inHardware = address.inHardware();
  view.earlierKeys = static_cast<int>(earlierKeys);
  return view;
}

Result<KeyWanted> keyWanted(const QString& type) {
  static const QMap<QString, KeyWanted> types{{QStringLiteral("ecdsa-p256"), {KeyType::EcP256}},
                                              {QStringLiteral("ecdsa-p384"), {KeyType::EcP384}},
                                              {QStringLiteral("rsa-2048"), {KeyType::Rsa, 2048}},
                                              {QStringLiteral("rsa-3072"), {KeyType::Rsa, 3072}},
                                              {QStringLiteral("ed25519"), {KeyType::Ed25519}}};
  const auto found = types.constFind(type);
  if (found == types.constEnd()) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("There is no type of key \"%1\".").arg(type));
  }
  return *found;
}

}  // namespace

StationKeyView LocalStation::stationKey() const {
  const auto address = KeyAddress::parse(core_.signerAddress);
  return viewOf(address ? *address : KeyAddress(FileKeyAddress{}), core_.signer->publicKey(),
                core_.earlierSignerKeys.size());
}

Result<StationKeyView> LocalStation::chooseStationKey(const QString& address, const QString& newType) {
  StationKeyChoice choice{address, !newType.isEmpty(), {}};
  if (choice.create) {
    SEALIFT_TRY(choice.wanted, keyWanted(newType));
  }
  SEALIFT_TRY(NextStationKey next, openNextStationKey(choice, *pins_));
  const PublicKey& key = next.signer->publicKey();
  SEALIFT_TRY(Transaction transaction, Transaction::beginWrite(*core_.database));
  SEALIFT_CHECK(sealift::chooseStationKey(transaction, next, core_.signer->publicKey()));
  SEALIFT_CHECK(core_.record(
      transaction,
      {.event = AuditEvent::StationKeyChanged,
       .actor = {},
       .subject = {QStringLiteral("station"), info_.publicKeyId, info_.name},
       .outcome = AuditOutcome::Ok,
       .code = {},
       .message = QStringLiteral("From the next start on this station signs its log with key %1, kept at %2.")
                      .arg(key.keyId().left(16), next.address.toString()),
       .details = {{QStringLiteral("keyId"), key.keyId()},
                   {QStringLiteral("earlierKeyId"), info_.publicKeyId},
                   {QStringLiteral("address"), next.address.toString()},
                   {QStringLiteral("publicKey"), QString::fromLatin1(key.toPem())}}}));
  SEALIFT_CHECK(transaction.commit());
  Q_EMIT auditChanged();
  return viewOf(next.address, key, core_.earlierSignerKeys.size() + 1);
}

}  // namespace sealift
