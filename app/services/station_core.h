// What all services of one station share. Inside app/services only.
#pragma once

#include "app/audit/audit_log.h"
#include "app/base/clock.h"
#include "app/catalog/vendor_repository.h"
#include "app/services/address_gate.h"
#include "app/services/network_gate.h"
#include "app/services/views.h"
#include "app/store/database.h"
#include "app/store/setting_table.h"
#include "app/update/host_power.h"
#include "app/update/sleep_inhibitor.h"
#include "devices/core/driver.h"
#include "transports/links/link_opener.h"

#include <QThreadPool>

#include <functional>
#include <memory>
#include <mutex>

namespace sealift {

inline constexpr char kHomeModeKey[] = "mode.home";  // of the settings; "1": at home

struct StationCore {
  std::unique_ptr<Database> database;
  std::unique_ptr<Signer> signer;
  QString signerAddress;               // where the signer's key lives
  QList<PublicKey> earlierSignerKeys;  // this station's keys before it
  std::unique_ptr<AuditLog> audit;
  const Clock* clock = nullptr;
  std::unique_ptr<NetworkGate> network;
  LinkOpener* links = nullptr;  // the network gate
  const DriverRegistry* drivers = nullptr;
  HostPowerSource power = systemPower;     // of this computer
  std::unique_ptr<SharedSleepHold> awake;  // keeps it from sleeping
  QString dataFolder;
  QString language = QStringLiteral("en");
  AddressGate gate;
  QThreadPool lookPool;  // looking, fetching, planning
  QThreadPool jobPool;   // one thread a running job
  CancelToken closing;   // set when the station closes

  // Runs a call in the station's own thread, later.
  std::function<void(std::function<void()>)> post;

  // Appends to the audit log as the signed-in operator. A log that can't be written stops what wanted to
  // be recorded: callers pass the error on.
  Status record(AuditEntry entry) {
    if (entry.actor.isEmpty()) {
      entry.actor = operatorName();
    }
    SEALIFT_CHECK(audit->append(entry));
    return {};
  }
  // The same as part of the caller's transaction: what is kept and the record of it come together or not at all.
  Status record(Transaction& transaction, AuditEntry entry) {
    if (entry.actor.isEmpty()) {
      entry.actor = operatorName();
    }
    SEALIFT_CHECK(audit->append(transaction, entry));
    return {};
  }
  QString operatorName() const {
    const std::scoped_lock lock(mutex_);
    return operatorName_;
  }
  void setOperatorName(const QString& name) {
    const std::scoped_lock lock(mutex_);
    operatorName_ = name;
  }
  QList<PublicKey> signerKeys() const { return QList<PublicKey>{signer->publicKey()} + earlierSignerKeys; }
  qint64 nowMs() const { return clock->nowUtc().toMSecsSinceEpoch(); }

 private:
  mutable std::mutex mutex_;
  QString operatorName_;
};

}  // namespace sealift
