// What devices/core/driver.h promises, tried on a driver with a unit of its own: the good way, wrong images, a cancel
// and a broken link at each step, and a device that answers nonsense. However a job ends, the unit runs the old or the
// new firmware and the outcome says which; `Unknown` becomes one of the others at the next sight.
// A test derives from DriverContract and names its units.
#pragma once

#include "devices/core/driver.h"

#include <QObject>

#include <functional>
#include <memory>

namespace sealift::test {

// A unit with old firmware, looked at from beside the driver.
class ContractUnit {
 public:
  virtual ~ContractUnit() = default;
  virtual ModelDescription model() const = 0;
  virtual LinkAddress address() const = 0;
  virtual LinkOpener& opener() = 0;

  virtual Image newImage() const = 0;
  // That must not come to run: of another vendor, for other hardware, too large. With the facts that planning saw.
  virtual Image wrongImage() const = 0;
  // That starts and does not prove itself. Nothing where there is no way back.
  virtual std::optional<Image> failingImage() const { return std::nullopt; }

  // What the unit would run after power-on, by its own memory: nothing when that is neither of the two, or broken.
  virtual std::optional<Version> firmware() = 0;
  // Whether it needs nobody's help to run that.
  virtual bool isConfirmed() { return true; }
  // From now on it says that it writes, and does not, or something else. False: this unit can't be made to.
  virtual bool lieAboutWriting(bool) { return false; }
  // A virtual device: how often its flash was erased or programmed so far, and power that goes at the nth time from now
  // (1: the next), to come back with powerCycle().
  virtual quint64 flashOperations() { return 0; }
  virtual void cutPowerAtFlashOperation(quint64) {}
  // What somebody at the bench does when it does not answer. As it was left otherwise.
  virtual void powerCycle() {}
};

// In how many ways a job goes wrong: fewer where one takes long.
enum class ContractEffort {
  Thorough,  // everything, at every step
  Brief,     // link lost and cancel at every step; nonsense during the transfer
  Least,     // as Brief, from the transfer on
};

struct ContractSubject {
  QString name;
  QString driver;  // a row of the registry
  std::function<std::unique_ptr<ContractUnit>()> make;
  ContractEffort effort = ContractEffort::Thorough;
};

class DriverContract : public QObject {
  Q_OBJECT

 public:
  explicit DriverContract(const QList<ContractSubject>& subjects) : subjects_(subjects) {
    qputenv("QTEST_FUNCTION_TIMEOUT", "1500000");  // ms, for all rows of one function; ctest has the limits
  }

 protected:
  // To be called where the units can't be made here.
  void leaveOut(const QString& why) { whyNot_ = why; }

 private Q_SLOTS:
  void init();

  void identifiesAndChangesNothing_data() { addSubjects(); }
  void identifiesAndChangesNothing();
  void isNotTakenForAnotherModel_data() { addSubjects(); }
  void isNotTakenForAnotherModel();
  void capabilitiesAreTrue_data() { addSubjects(); }
  void capabilitiesAreTrue();
  void interruptedTransferGoesOn_data() { addSubjects(); }
  void interruptedTransferGoesOn();
  void updates_data() { addSubjects(); }
  void updates();
  void wrongImageDoesNotRun_data() { addSubjects(); }
  void wrongImageDoesNotRun();
  void failingImageIsLeftAgain_data() { addSubjects(); }
  void failingImageIsLeftAgain();
  void writingIsNotBelieved_data() { addSubjects(); }
  void writingIsNotBelieved();
  void whateverHappens_data();
  void whateverHappens();

 private:
  void addSubjects();
  const ContractSubject& subject() const;

  QList<ContractSubject> subjects_;
  QString whyNot_;
};

}  // namespace sealift::test
