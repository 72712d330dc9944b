#include "keystore/tuf/publisher/keyring.h"

#include "keystore/secrets/file_signer.h"
#include "keystore/secrets/open_signer.h"
#include "keystore/tuf/metadata_signing.h"

#include <QDir>

namespace sealift::tuf {

void Keyring::loadFolder(const QString& folder) {
  const QDir keys(folder);
  const QStringList names = keys.entryList({QStringLiteral("*.pem")}, QDir::Files, QDir::Name);
  for (const QString& name : names) {
    auto signer = FileSigner::load(keys.filePath(name));
    if (signer) {
      add(std::move(*signer), name);
    } else {
      problems_.append(signer.error().message());
    }
  }
}

void Keyring::addAddress(const QString& keyId, const QString& address) {
  if (!signers_.contains(keyId)) {
    addresses_.insert(keyId, address);
    places_.insert(keyId, address);
  }
}

void Keyring::add(const std::shared_ptr<Signer>& signer, const QString& place) {
  const QString keyId = keyIdOf(signer->publicKey());
  signers_.insert(keyId, signer);
  places_.insert(keyId, place);
  addresses_.remove(keyId);
}

Result<std::shared_ptr<Signer>> Keyring::open(const QString& address) {
  SEALIFT_TRY(const KeyAddress parsed, KeyAddress::parse(address));
  SEALIFT_TRY(std::shared_ptr<Signer> signer, openSigner(parsed, pins_));
  return signer;
}

Result<QString> Keyring::lastingForm(const QString& address) {
  SEALIFT_TRY(const KeyAddress parsed, KeyAddress::parse(address));
  return parsed.absolute().toString();
}

Signer* Keyring::signer(const QString& keyId) {
  if (addresses_.contains(keyId)) {
    const QString text = addresses_.take(keyId);  // asked once: a PIN that was wrong is not tried again for every file
    auto opened = open(text);
    if (!opened) {
      problems_.append(opened.error().message());
    } else if (keyIdOf((*opened)->publicKey()) != keyId) {
      problems_.append(QStringLiteral("At %1 there is another key than the one that was added.").arg(text));
    } else {
      signers_.insert(keyId, *opened);
    }
  }
  const auto known = signers_.constFind(keyId);
  return known == signers_.constEnd() ? nullptr : known->get();
}

}  // namespace sealift::tuf
