//! The Lambda program, as API Gateway and a member's browser see it: the built program under a
//! stand-in for the Lambda Runtime API, over an embedded DynamoDB and `stripe-sim`.

mod lookup;
mod stack;
