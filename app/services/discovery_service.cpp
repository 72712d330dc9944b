#include "app/services/discovery_service.h"

#include "devices/core/discovery.h"

#include <algorithm>

namespace sealift {
namespace {

// Another program may have a port for a moment (ModemManager asks each new one), and a device may still be starting.
constexpr qint64 kAgainMs[] = {2'000, 5'000, 15'000};
constexpr int kTries = 3;

qint64 monotonicMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// What may be otherwise in a moment. Permission and what it is change only with the plug or by somebody's doing.
bool mayPass(ErrorCode code) {
  return code != ErrorCode::LinkPermission && code != ErrorCode::DeviceNotRecognised && code != ErrorCode::NotSupported;
}

}  // namespace

DiscoveryService::DiscoveryService(StationCore& core, DeviceService& devices, Hooks hooks)
    : core_(core),
      devices_(devices),
      hooks_(std::move(hooks)),
      watcher_(std::make_unique<DeviceWatcher>(*core.links,
                                               [this](const Surroundings& around) { onSurroundings(around); })) {}

DiscoveryService::~DiscoveryService() {
  stop();
}

void DiscoveryService::watch(std::chrono::milliseconds lookEvery) {
  watcher_->watchPorts(lookEvery);
}

void DiscoveryService::searchNetwork(bool wanted) {
  const QStringList types = wanted ? serviceTypesOf(devices_.recognition().models()) : QStringList();
  const Status searching = watcher_->watchNetwork(types);
  {
    const std::scoped_lock lock(mutex_);
    searching_ = searching && !types.isEmpty();
    networkProblem_ = searching ? std::nullopt : std::optional(searching.error());
  }
  watcher_->tellAgain();  // the models may name other things now
}

void DiscoveryService::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  watcher_->stop();  // and stays: a look around may be under way
}

// What is there ---------------------------------------------------------------------------------

void DiscoveryService::onSurroundings(const Surroundings& around) {
  const QList<Found> now = listFound(around, devices_.recognition().models());
  {
    const std::scoped_lock lock(mutex_);
    QList<Entry> entries;
    for (const Found& found : now) {
      const auto before =
          std::find_if(entries_.cbegin(), entries_.cend(), [&](const Entry& entry) { return entry.isFor(found); });
      Entry entry = before == entries_.cend() ? Entry() : *before;
      if (entry.found.modelIds != found.modelIds && entry.state != State::Looking) {
        entry.state = State::New;  // another model names it
        entry.tries = 0;
      }
      entry.found = found;
      entries << entry;
      if (found.address.kind == LinkKind::Serial) {
        places_.insert(found.address.toString(), found.usbPlace);
      }
    }
    for (const Entry& before : std::as_const(entries_)) {
      const auto stays = [&](const Entry& entry) { return entry.isFor(before.found); };
      if (std::none_of(entries.cbegin(), entries.cend(), stays)) {
        departed_ << before.found;
      }
    }
    entries_ = entries;
  }
  noteDepartures();
  lookAtDue();
  hooks_.foundChanged();
}

// A job may have its device leave and come back, perhaps as another one at the same place.
bool DiscoveryService::isHeldByJob(const Found& found) const {
  for (const QString& address : core_.gate.ofJobs()) {
    const bool samePlace = !found.usbPlace.isEmpty() && (address == QStringLiteral("usb:") + found.usbPlace ||
                                                         places_.value(address) == found.usbPlace);
    if (address == AddressGate::keyOf(found.address) || samePlace) {
      return true;
    }
  }
  return false;
}

void DiscoveryService::noteDepartures() {
  QList<LinkAddress> gone;
  {
    const std::scoped_lock lock(mutex_);
    QList<Found> later;
    for (const Found& found : std::as_const(departed_)) {
      const auto back = [&](const Entry& entry) { return entry.isFor(found); };
      if (isHeldByJob(found)) {
        later << found;
      } else if (std::none_of(entries_.cbegin(), entries_.cend(), back)) {
        gone << found.address;
      }
    }
    departed_ = later;
  }
  for (const LinkAddress& address : std::as_const(gone)) {
    noteGone(address);
  }
}

void DiscoveryService::noteGone(const LinkAddress& address) {
  if (!address.isNetwork()) {
    devices_.noteGone(address);
    return;
  }
  // What is silent may still be there.
  if (const std::optional<QString> id = devices_.onlineAt(address)) {
    core_.lookPool.start([this, id] { (void)devices_.look(*id, core_.closing); });
  }
}

// Looking ---------------------------------------------------------------------------------------

QList<Found> DiscoveryService::takeDue() {
  QList<Found> due;
  const std::scoped_lock lock(mutex_);
  for (Entry& entry : entries_) {
    const bool again = entry.state == State::Failed && entry.againAtMs > 0 && entry.againAtMs <= monotonicMs();
    if (stopping_ || entry.found.modelIds.isEmpty() || (entry.state != State::New && !again) ||
        isHeldByJob(entry.found)) {
      continue;
    }
    entry.state = State::Looking;
    due << entry.found;
  }
  return due;
}

void DiscoveryService::lookAtDue() {
  for (const Found& found : takeDue()) {
    core_.lookPool.start([this, found] { look(found); });
  }
}

void DiscoveryService::look(const Found& found) {
  const Result<KnownDevice> seen =
      core_.closing.isCancelled()
          ? Result<KnownDevice>(fail(ErrorCode::Cancelled, QStringLiteral("The station is closing.")))
          : devices_.lookAtFound({found.address, found.view.name, found.serial, found.modelIds}, core_.closing);
  settle(found, seen);
  if (seen) {
    hooks_.sighted(*seen);
  }
  hooks_.foundChanged();
}

void DiscoveryService::settle(const Found& found, const Result<KnownDevice>& seen) {
  {
    const std::scoped_lock lock(mutex_);
    const auto it =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.isFor(found); });
    if (it == entries_.end()) {
      departed_ << found;  // it went while it was looked at
    } else if (seen) {
      it->state = State::Answered;
      it->deviceId = seen->id;
      it->problem.clear();
      it->tries = 0;
      it->lookNumber = ++looks_;
    } else if (seen.error().code == ErrorCode::DeviceBusy) {
      it->state = State::New;
    } else {
      const ErrorCode code = seen.error().code;
      it->state = code == ErrorCode::DeviceNotRecognised ? State::Stranger : State::Failed;
      it->problem = seen.error().message();
      it->againAtMs = mayPass(code) && it->tries < kTries ? monotonicMs() + kAgainMs[it->tries++] : 0;
    }
    idle_.notify_all();
  }
  noteDepartures();
}

void DiscoveryService::goOn() {
  noteDepartures();
  lookAtDue();
}

QStringList DiscoveryService::lookAround(const CancelToken& cancel) {
  quint64 before = 0;
  {
    const std::scoped_lock lock(mutex_);
    before = looks_;
    for (Entry& entry : entries_) {
      if (entry.state == State::Failed || entry.state == State::Stranger) {
        entry.state = State::New;
        entry.tries = 0;
      }
    }
  }
  watcher_->lookOnce();
  goOn();
  waitUntilIdle(cancel);
  QStringList answered;
  const std::scoped_lock lock(mutex_);
  for (const Entry& entry : std::as_const(entries_)) {
    if (entry.lookNumber > before) {
      answered << entry.deviceId;
    }
  }
  return answered;
}

void DiscoveryService::waitUntilIdle(const CancelToken& cancel) {
  constexpr std::chrono::milliseconds kSlice{50};
  const auto looking = [](const Entry& entry) { return entry.state == State::Looking; };
  std::unique_lock lock(mutex_);
  while (std::any_of(entries_.cbegin(), entries_.cend(), looking) && !cancel.isCancelled()) {
    idle_.wait_for(lock, kSlice);
  }
}

// What is told of it ----------------------------------------------------------------------------

QList<FoundView> DiscoveryService::found() const {
  QList<FoundView> views;
  const std::scoped_lock lock(mutex_);
  for (const Entry& entry : entries_) {
    FoundView view = entry.found.view;
    // Somebody may have asked for it.
    view.deviceId = devices_.onlineAt(entry.found.address).value_or(QString());
    if (!view.deviceId.isEmpty()) {
      view.opened = true;
      view.note = QStringLiteral("It is known.");
      views << view;
      continue;
    }
    switch (entry.state) {
      case State::New:
        if (!entry.found.modelIds.isEmpty()) {
          view.note = isHeldByJob(entry.found) ? QStringLiteral("A job is working on it.")
                                               : QStringLiteral("It will be looked at.");
        }
        break;
      case State::Looking:
        view.note = QStringLiteral("It is being looked at.");
        break;
      case State::Answered:
        view.opened = true;
        view.note = devices_.find(entry.deviceId)
                        ? QStringLiteral("It answered before, and does not any more.")
                        : QStringLiteral(
                              "It was removed from the list. It comes back when it is plugged in again, or "
                              "when it is added.");
        break;
      case State::Stranger:
      case State::Failed:
        view.opened = true;
        view.note = entry.problem;
        break;
    }
    views << view;
  }
  return views;
}

bool DiscoveryService::searchesNetwork() const {
  const std::scoped_lock lock(mutex_);
  return searching_;
}

std::optional<Error> DiscoveryService::networkProblem() const {
  const std::scoped_lock lock(mutex_);
  return networkProblem_;
}

}  // namespace sealift
