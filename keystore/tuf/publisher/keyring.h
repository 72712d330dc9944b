// The private keys that the publisher can reach, by TUF key id: files in the repository's keys/ folder, keys that live
// elsewhere by their address, and signers that the caller brings. A key elsewhere is opened when it is first needed, so
// that nobody is asked for a PIN in vain.
#pragma once

#include "keystore/secrets/pin_source.h"
#include "keystore/secrets/signer.h"
#include "keystore/tuf/strict_json.h"

#include <QMap>
#include <QStringList>

#include <memory>

namespace sealift::tuf {

class Keyring {
 public:
  // `pins` may be null: then nobody is asked. It must outlive the keyring.
  explicit Keyring(PinSource* pins) : pins_(pins == nullptr ? nobody_ : *pins) {}

  // Files that can't be opened are no error: an unattended job need not be able to read every key.
  void loadFolder(const QString& folder);
  void addAddress(const QString& keyId, const QString& address);
  void add(const std::shared_ptr<Signer>& signer, const QString& place);

  // Null when the key is not at hand; problems() says why. Stays as long as this object.
  Signer* signer(const QString& keyId);
  // Where the key lives: the name of its file, its address; empty when it is not known.
  QString place(const QString& keyId) const { return places_.value(keyId); }
  QStringList keyIds() const { return places_.keys(); }
  const QStringList& problems() const { return problems_; }

  // Opens the key at an address (keystore/secrets/key_address.h).
  Result<std::shared_ptr<Signer>> open(const QString& address);
  // The address as it can be kept: a relative path made absolute, no PIN in it.
  static Result<QString> lastingForm(const QString& address);

 private:
  NoPinSource nobody_;
  PinSource& pins_;
  QMap<QString, std::shared_ptr<Signer>> signers_;
  QMap<QString, QString> addresses_;  // not opened yet
  QMap<QString, QString> places_;
  QStringList problems_;
};

}  // namespace sealift::tuf
