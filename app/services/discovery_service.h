// Finds devices by itself: watches the USB, the serial ports and the network, and looks at whatever a model of an added
// vendor names. Everything else is listed and never opened. Any thread.
#pragma once

#include "app/services/device_service.h"
#include "app/services/found_view.h"

#include <QHash>

#include <functional>
#include <memory>

namespace sealift {

class DiscoveryService {
 public:
  struct Hooks {
    std::function<void()> foundChanged;               // what found() gives
    std::function<void(const KnownDevice&)> sighted;  // a device was looked at, and answered
  };

  DiscoveryService(StationCore& core, DeviceService& devices, Hooks hooks);
  ~DiscoveryService();
  DiscoveryService(const DiscoveryService&) = delete;
  DiscoveryService& operator=(const DiscoveryService&) = delete;

  // From now on devices are seen as they come and go. The station's own thread, as the next three.
  void watch(std::chrono::milliseconds lookEvery);
  // Whether the network is searched, for the types that models name now. Called whenever either may have changed.
  void searchNetwork(bool wanted);
  // What was left for later is looked at: a job ended, or a second went by.
  void goOn();
  // Watches no more. Looks that are under way end with the station's.
  void stop();

  // Looks at the USB and the ports, unless they are watched, and at everything that models name and that did not answer
  // yet. Waits for the answers; ids of the devices that gave one now.
  QStringList lookAround(const CancelToken& cancel);
  // Until nothing is being looked at any more.
  void waitUntilIdle(const CancelToken& cancel);

  QList<FoundView> found() const;
  bool searchesNetwork() const;                 // for any type at all
  std::optional<Error> networkProblem() const;  // why it does not, though it should

 private:
  enum class State { New, Looking, Answered, Stranger, Failed };
  struct Entry {
    Found found;
    State state = State::New;
    int tries = 0;
    quint64 lookNumber = 0;
    qint64 againAtMs = 0;
    QString deviceId;
    QString problem;
    bool isFor(const Found& other) const { return found.address == other.address && found.identity == other.identity; }
  };

  void onSurroundings(const Surroundings& around);
  bool isHeldByJob(const Found& found) const;
  QList<Found> takeDue();
  void lookAtDue();
  void look(const Found& found);
  void settle(const Found& found, const Result<KnownDevice>& seen);
  void noteDepartures();
  void noteGone(const LinkAddress& address);

  StationCore& core_;
  DeviceService& devices_;
  Hooks hooks_;
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  QList<Entry> entries_;
  QList<Found> departed_;           // to be told to the devices, once no job holds them
  QHash<QString, QString> places_;  // of serial ports, by address: kept while they are gone
  std::optional<Error> networkProblem_;
  bool searching_ = false;
  quint64 looks_ = 0;
  bool stopping_ = false;
  std::unique_ptr<DeviceWatcher> watcher_;
};

}  // namespace sealift
