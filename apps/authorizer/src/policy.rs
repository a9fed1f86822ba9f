//! What somebody who was recognised may call.

use std::str::FromStr;

use serde_json::{Map, Value, json};

/// The stage that a call is for, with everything in it:
/// `arn:aws:execute-api:<region>:<account>:<api>/<stage>/*`.
///
/// The gateway keeps a policy and uses it for the caller's next calls, so one for a single path would
/// refuse her next order. Whose order it is, the function decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WholeStage(String);

/// The gateway's name for a call cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "methodArn is not arn:<partition>:execute-api:<region>:<account>:<api>/<stage>/<method>/..."
)]
pub(crate) struct NoMethodArn;

impl FromStr for WholeStage {
    type Err = NoMethodArn;

    fn from_str(method_arn: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = method_arn.splitn(6, ':').collect();
        let ["arn", partition, "execute-api", region, account, call] = parts[..] else {
            return Err(NoMethodArn);
        };
        let mut call = call.splitn(4, '/');
        let (Some(api), Some(stage), Some(_method)) = (call.next(), call.next(), call.next())
        else {
            return Err(NoMethodArn);
        };
        // A blank or a star in what is kept would let in more than this stage, or nobody.
        let is_name = |text: &&str| {
            !text.is_empty()
                && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_$".contains(&c))
        };
        if ![partition, region, account, api, stage].iter().all(is_name) {
            return Err(NoMethodArn);
        }
        Ok(Self(format!("arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/*")))
    }
}

impl WholeStage {
    /// The answer that lets a member call anything in the stage, with what the gateway is to hand on.
    pub(crate) fn allow(&self, user_id: &str, context: Map<String, Value>) -> Value {
        json!({
            "principalId": user_id,
            "policyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": self.0},
                ],
            },
            "context": context,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_widened_to_its_stage_and_no_further() {
        for (method_arn, stage) in [
            (
                "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/prod/GET/dashboard/orders/cs_1",
                "arn:aws:execute-api:eu-central-1:123456789012:abcdef1234/prod/*",
            ),
            (
                "arn:aws-cn:execute-api:cn-north-1:123456789012:abc/st-age_1/GET/",
                "arn:aws-cn:execute-api:cn-north-1:123456789012:abc/st-age_1/*",
            ),
            (
                "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abc/prod/POST/a:b/*/c",
                "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abc/prod/*",
            ),
            // The console's button "Test" has no stage of its own.
            (
                "arn:aws:execute-api:eu-central-1:123456789012:abc/test-invoke-stage/GET/a",
                "arn:aws:execute-api:eu-central-1:123456789012:abc/test-invoke-stage/*",
            ),
        ] {
            assert_eq!(method_arn.parse(), Ok(WholeStage(stage.to_owned())), "{method_arn}");
        }
    }

    #[test]
    fn what_is_no_call_gets_no_policy() {
        for method_arn in [
            "",
            "*",
            "arn:aws:execute-api:*:*:*/*/*",
            "arn:aws:execute-api:eu-central-1:123456789012:abc",
            "arn:aws:execute-api:eu-central-1:123456789012:abc/prod",
            "arn:aws:execute-api:eu-central-1:123456789012:abc/*/GET/a",
            "arn:aws:execute-api:eu-central-1:123456789012:/prod/GET/a",
            "arn:aws:execute-api:eu-central-1:123456789012:abc//GET/a",
            "arn:aws:execute-api:eu-central-1:12345 6789012:abc/prod/GET/a",
            "arn:aws:execute-api::123456789012:abc/prod/GET/a",
            "arn:aws:lambda:eu-central-1:123456789012:abc/prod/GET/a",
            "urn:aws:execute-api:eu-central-1:123456789012:abc/prod/GET/a",
        ] {
            assert_eq!(method_arn.parse::<WholeStage>(), Err(NoMethodArn), "{method_arn}");
        }
    }
}
