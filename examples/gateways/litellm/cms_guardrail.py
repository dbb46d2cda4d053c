"""LiteLLM's generic guardrail, but a request that has to wait is answered 429 with Retry-After instead of 400.

Lies beside config.yaml, where `guardrail: cms_guardrail.CmsGuardrail` takes the place of `generic_guardrail_api`.
"""

import re

from fastapi import HTTPException
from litellm.exceptions import GuardrailRaisedException
from litellm.proxy.guardrails.guardrail_hooks.generic_guardrail_api.generic_guardrail_api import GenericGuardrailAPI


class CmsGuardrail(GenericGuardrailAPI):
    async def apply_guardrail(self, *words, **named):
        try:
            return await super().apply_guardrail(*words, **named)
        except GuardrailRaisedException as refusal:
            # CMS' reason has one number, the seconds.
            seconds = re.search(r"\d+", str(refusal.message))
            headers = {"Retry-After": seconds.group()} if seconds else {}
            raise HTTPException(429, detail="Too many requests.", headers=headers) from None
