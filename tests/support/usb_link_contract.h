// What usb_link.h promises, tried on every kind of bus: the one within the program and the kernel's. A test derives
// from it and says on which.
#pragma once

#include "tests/support/usb_probe_device.h"
#include "tests/support/usb_test_bus.h"

#include <QObject>

#include <memory>

namespace sealift {

class UsbLinkContract : public QObject {
  Q_OBJECT

 public:
  explicit UsbLinkContract(std::unique_ptr<UsbTestBus> bus) : bus_(std::move(bus)) {}

 protected:
  UsbTestBus& bus() { return *bus_; }
  // Plugged in, and seen.
  QString plugIn(const std::shared_ptr<UsbFunction>& function);
  std::unique_ptr<UsbLink> open(const QString& place);
  // And its interface claimed with this alternate setting.
  std::unique_ptr<UsbLink> openClaimed(const QString& place, int alternate = 0);
  Result<UsbDeviceInfo> waitFor(const QString& place, quint16 productId);

 private Q_SLOTS:
  void cleanup();

  void listsWhatIsPluggedIn();
  void readsAllNamesWhenOpened();
  void controlCarriesBytes();
  void controlAnswerMayBeShorter();
  void controlTooLongIsRefusedHere();
  void stalledControlIsRefusedOnce();
  void bulkCarriesBytes();
  void shortPacketEndsATransfer();
  void moreThanAskedIsMalformed();
  void stalledEndpointIsCleared();
  void choosesAlternateSettings();
  void unclaimedInterfaceIsNotUsed();
  void claimIsForOneAlone();
  void timesOut();
  void slowAnswerIsWaitedFor();
  void cancelIsNoticedSoon();
  void vanishesDuringControl();
  void vanishesDuringBulk();
  void comesBackAsAnother();
  void resetThatChangesNothing();
  void resetIntoAnother();
  void equalSerialNumbersAreToldApartByPlace();
  void nothingThere();

 private:
  std::unique_ptr<UsbTestBus> bus_;
};

}  // namespace sealift
