// The identity group (0x5345) of an SMP server: the device's key, which never leaves it, its certificate, its lock.
// Source: transports/protocols/smp/README.md, "Identity group". Not thread-safe.
#pragma once

#include "devices/virtual/identity_store.h"
#include "devices/virtual/smp_image_group.h"
#include "keystore/crypto/private_key.h"

#include <optional>

namespace sealift {

inline constexpr quint16 kSmpIdentityGroup = 0x5345;

class SmpIdentityGroup {
 public:
  SmpIdentityGroup(const SmpDeviceConfig& config, FlashModel& flash, qsizetype begin, McubootModel& bootloader);

  // The factory of a device that is sold with an identity: what the configuration says, unless flash holds one.
  Status install();
  // At each start. LinkLost when the power goes meanwhile.
  Status restart();
  SmpReply handle(const virtual_smp::Frame& request);

  bool secureBoot() const { return secureBoot_; }
  bool locked() const { return store_.record().locked; }
  QByteArray serial() const;
  // Settings group: "sealift/serial" by the factory, before the lock.
  SmpReply writeSerial(const QByteArray& value);
  // A person holds the device's button.
  void setButtonHeld(bool held) { buttonHeld_ = held; }

 private:
  struct Transfer {
    QByteArray sha;
    qsizetype size = 0;
    QByteArray bytes;
  };

  SmpReply state() const;
  SmpReply makeKey(const QCborMap& body);
  SmpReply readChunk(const QCborMap& body, const QByteArray& whole) const;
  SmpReply readCertificate(const QCborMap& body) const;
  SmpReply storeChunk(const QCborMap& body);
  SmpReply storeCertificate();
  SmpReply readRequest(const QCborMap& body);
  SmpReply prove(const QCborMap& body) const;
  SmpReply readSecureBoot() const;
  SmpReply requireSecureBoot(const QCborMap& body);
  SmpReply readCounter() const;
  SmpReply raiseCounter(const QCborMap& body);
  SmpReply lock(const QCborMap& body);
  SmpReply wipe(const QCborMap& body);
  SmpReply save(const IdentityRecord& record, const SmpReply& done);
  bool isOwnKey(const QCborMap& body) const;
  QByteArray keyId() const;
  void takeKey();

  const SmpDeviceConfig& config_;
  FlashModel& flash_;
  McubootModel& bootloader_;
  IdentityStore store_;
  std::optional<PrivateKey> key_;
  QByteArray request_;  // RAM: as long as the key and until a restart
  Transfer transfer_;   // the same
  bool secureBoot_;     // a fuse
  bool buttonHeld_ = false;
};

}  // namespace sealift
