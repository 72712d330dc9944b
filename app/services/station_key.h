// The key that the station signs its log's heads with: where it lives, and which ones it had before.
// Inside app/services only.
//
// A station may move from one key to another, never silently: the old key signs the entry that announces the new one,
// and the new one signs a statement that the old one was this station's. So nobody who can only write the database
// can slip a key of theirs in among the earlier ones.
#pragma once

#include "app/store/database.h"
#include "app/store/transaction.h"
#include "keystore/secrets/open_signer.h"

#include <QList>

namespace sealift {

struct StationKey {
  KeyAddress address;
  std::unique_ptr<Signer> signer;
  QList<PublicKey> earlier;  // newest first; each vouched for by the one after it
};

// The chosen key, or the Ed25519 key file in the data folder, which is made when there is none. `pins` is asked only
// now: afterwards a key that wants its PIN again (a token that was pulled out) is an error, for nobody waits for a
// question in the middle of a record. What openSigner reports; CryptoKey when another key answers than was chosen.
Result<StationKey> openStationKey(Database& database, const QString& dataFolder,
                                  const std::shared_ptr<PinSource>& pins);

struct StationKeyChoice {
  QString address;
  bool create = false;  // make the key there first
  KeyWanted wanted;
};

struct NextStationKey {
  KeyAddress address;
  std::unique_ptr<Signer> signer;
};
// Opens the key that is to be used from the next start on, or makes it. Nothing is changed yet.
Result<NextStationKey> openNextStationKey(const StationKeyChoice& choice, PinSource& pins);
// Writes the choice and the new key's statement about `now` as part of the caller's transaction.
Status chooseStationKey(Transaction& transaction, NextStationKey& next, const PublicKey& now);

}  // namespace sealift
