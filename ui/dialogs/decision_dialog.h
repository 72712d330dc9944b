// Asks for a decision that people answer for: about which version, why, and who agrees to it.
#pragma once

#include "app/base/result.h"
#include "app/services/rule_views.h"
#include "ui/dialogs/dialog_frame.h"

#include <QFuture>

#include <functional>

class QCheckBox;
class QLineEdit;

namespace sealift {

// What is asked for besides the words; what isn't stays empty in the Decision.
struct DecisionAsked {
  QString name;  // object name; its buttons are NAMEYes and NAMENo
  QString title;
  QString text;
  QString yes;
  bool asksVersion = false;
  QString version = {};  // that stands there at first
  bool asksEveryBuild = false;
  bool asksReason = true;
  bool asksSignIn = false;  // a supervisor's name and password
  QString typed = {};       // to be typed exactly as it is here; empty: nothing
  bool harmful = false;
};

struct Decision {
  QString version;
  bool everyBuild = false;
  QString reason;
  SignIn signIn;  // wiped when `decide` has returned
  QString typed;
};

class DecisionDialog final : public DialogFrame {
  Q_OBJECT

 public:
  // An error that comes back is shown and the dialog stays; accepted() tells of the end.
  DecisionDialog(const DecisionAsked& asked, std::function<QFuture<Status>(const Decision&)> decide, QWidget* parent);

 private:
  QLineEdit* addField(const QString& label, const QString& name);
  void updateYes();
  void decide();

  DecisionAsked asked_;
  std::function<QFuture<Status>(const Decision&)> decide_;
  QLineEdit* version_ = nullptr;
  QCheckBox* everyBuild_ = nullptr;
  QLineEdit* reason_ = nullptr;
  QLineEdit* person_ = nullptr;
  QLineEdit* password_ = nullptr;
  QLineEdit* typed_ = nullptr;
  QPushButton* yes_;
  bool busy_ = false;
};

}  // namespace sealift
