#include "keystore/secrets/open_signer.h"

#include "keystore/secrets/file_signer.h"
#include "keystore/secrets/keychain_signer.h"
#include "keystore/secrets/pin_dialog.h"
#include "keystore/secrets/pkcs11_signer.h"
#include "keystore/secrets/tpm_signer.h"

namespace sealift {

namespace {

Result<std::unique_ptr<Signer>> openFile(const FileKeyAddress& address, PinSource& pins) {
  Result<std::unique_ptr<FileSigner>> plain = FileSigner::load(address.path);
  if (plain || plain.error().code != ErrorCode::KeyPin) {
    return plain;
  }
  PinRequest request{.kind = PinKind::Passphrase, .keeper = QStringLiteral("the key file %1").arg(address.path)};
  return askUntilRight<std::unique_ptr<Signer>>(pins, request,
                                                [&](const SecretBytes& passphrase) -> Result<std::unique_ptr<Signer>> {
                                                  return FileSigner::load(address.path, passphrase);
                                                });
}

Result<std::unique_ptr<Signer>> createFile(const FileKeyAddress& address, const KeyWanted& wanted, PinSource& pins) {
  const PinRequest request{
      .kind = PinKind::Passphrase, .keeper = QStringLiteral("the key file %1").arg(address.path), .isNew = true};
  SEALIFT_TRY(const SecretBytes passphrase, pins.ask(request));
  return FileSigner::create(address.path, wanted.type, passphrase, wanted.rsaBits);
}

}  // namespace

Result<std::unique_ptr<Signer>> openSigner(const KeyAddress& address, PinSource& pins) {
  if (const auto* uri = address.as<Pkcs11Uri>()) {
    return Pkcs11Signer::open(*uri, pins);
  }
  if (const auto* tpm = address.as<TpmKeyAddress>()) {
    return TpmSigner::open(*tpm, pins);
  }
  if (const auto* keychain = address.as<KeychainKeyAddress>()) {
    return openKeychainKey(*keychain);
  }
  return openFile(*address.as<FileKeyAddress>(), pins);
}

Result<std::unique_ptr<Signer>> createKey(const KeyAddress& address, const KeyWanted& wanted, PinSource& pins) {
  if (const auto* uri = address.as<Pkcs11Uri>()) {
    return Pkcs11Signer::create(*uri, wanted, pins);
  }
  if (const auto* tpm = address.as<TpmKeyAddress>()) {
    return TpmSigner::create(*tpm, wanted, pins);
  }
  if (const auto* keychain = address.as<KeychainKeyAddress>()) {
    return createKeychainKey(*keychain, wanted);
  }
  return createFile(*address.as<FileKeyAddress>(), wanted, pins);
}

}  // namespace sealift
